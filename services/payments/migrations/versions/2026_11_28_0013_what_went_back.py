"""Refunds made at providers, returns to cards, and refunds to deleted users."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = (
    """
CREATE TABLE provider_reading (
    provider text NOT NULL,
    read_to timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    CONSTRAINT pk_provider_reading PRIMARY KEY (provider)
)
    """,
    "ALTER TABLE refund ADD COLUMN claim_id uuid",
    "ALTER TABLE refund ADD COLUMN borne_minor bigint NOT NULL DEFAULT 0",
    """
ALTER TABLE refund ADD CONSTRAINT ck_refund_borne_is_of_the_amount CHECK (
    borne_minor BETWEEN 0 AND amount_minor)
    """,
    "CREATE INDEX ix_movement_claim_id ON movement (claim_id)",
    "CREATE INDEX ix_dispute_charge_id_while_open ON dispute (charge_id) WHERE closed_at IS NULL",
    """
CREATE INDEX ix_card_refund_charge_id_while_open ON card_refund (charge_id)
WHERE status IN ('wanted', 'pending')
    """,
    "ALTER TABLE charge ADD COLUMN return_minor bigint NOT NULL DEFAULT 0",
    "ALTER TABLE charge ADD COLUMN return_status text",
    """
CREATE INDEX ix_charge_return_status_created_at_id ON charge (return_status, created_at, id)
WHERE return_status IS NOT NULL
    """,
)

# Until now refunds made at the provider had the ids of their movements.
CARRIED_OVER = (
    """
UPDATE refund SET claim_id = movement.claim_id FROM movement
WHERE movement.id = refund.id AND refund.origin = 'provider'
    """,
    """
UPDATE charge SET return_minor = back.minor, return_status = CASE
    WHEN back.is_refused THEN 'refused' WHEN back.is_done THEN 'returned' ELSE 'pending' END
FROM (SELECT charge_id, sum(amount_minor)::bigint AS minor, bool_or(status = 'refused')
        AS is_refused, bool_and(status = 'done') AS is_done
      FROM card_refund WHERE origin = 'return' AND status <> 'dropped' GROUP BY charge_id) AS back
WHERE back.charge_id = charge.id
    """,
)

RULES = (
    ("return_status_is_known", "return_status IN ('pending', 'returned', 'refused')"),
    ("return_has_its_sum", "(return_status IS NOT NULL) = (return_minor >= 1)"),
)

# Money for somebody who is deleted goes to a suspense account of the wallet's, so a refund to them
# may begin.
REFUNDS_TO_ALL = (
    "DROP TRIGGER begins_between_open ON refund",
    "DROP FUNCTION require_open_for_refund()",
)
REFUNDS_TO_OPEN = (
    """
CREATE FUNCTION require_open_for_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM require_open(ARRAY[payer_id]) FROM payment
    WHERE id = NEW.payment_id AND method = 'wallet';
    RETURN NULL;
END $$
    """,
    """
CREATE TRIGGER begins_between_open AFTER INSERT ON refund FOR EACH ROW
EXECUTE FUNCTION require_open_for_refund()
    """,
)


def upgrade() -> None:
    for statement in (*REFUNDS_TO_ALL, *COLUMNS, *CARRIED_OVER):
        op.execute(statement)
    for name, rule in RULES:
        op.execute(f"ALTER TABLE charge ADD CONSTRAINT ck_charge_{name} CHECK ({rule})")


def downgrade() -> None:
    for statement in REFUNDS_TO_OPEN:
        op.execute(statement)
    op.execute(
        "DROP INDEX ix_movement_claim_id, ix_dispute_charge_id_while_open,"
        " ix_card_refund_charge_id_while_open"
    )
    op.execute("ALTER TABLE charge DROP COLUMN return_minor, DROP COLUMN return_status")
    op.execute("DROP TABLE provider_reading")
    op.execute("ALTER TABLE refund DROP COLUMN claim_id, DROP COLUMN borne_minor")
