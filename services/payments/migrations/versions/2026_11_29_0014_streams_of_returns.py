"""Tells payers' streams how the money of a card goes back by itself."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# A change that names no payee is its payer's alone.
NOTE_RETURNS = (
    "ALTER TABLE payment_event ALTER COLUMN payee_id DROP NOT NULL",
    """
CREATE FUNCTION note_returns() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO payment_event
        (payment_id, payer_id, status, refunded_minor, disputed_minor, dispute_outcome)
    SELECT id, payer_id, status, refunded_minor, disputed_minor, dispute_outcome
    FROM payment WHERE id = NEW.payment_id;
    RETURN NULL;
END $$
    """,
    """
CREATE TRIGGER tr_charge_returned AFTER UPDATE OF return_minor, return_status ON charge
FOR EACH ROW WHEN (NEW.payment_id IS NOT NULL
    AND (OLD.return_minor, OLD.return_status) IS DISTINCT FROM
        (NEW.return_minor, NEW.return_status))
EXECUTE FUNCTION note_returns()
    """,
)


def upgrade() -> None:
    for statement in NOTE_RETURNS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER tr_charge_returned ON charge")
    op.execute("DROP FUNCTION note_returns()")
    op.execute("DELETE FROM payment_event WHERE payee_id IS NULL")
    op.execute("ALTER TABLE payment_event ALTER COLUMN payee_id SET NOT NULL")
