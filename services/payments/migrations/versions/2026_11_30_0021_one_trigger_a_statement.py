"""Judges and notes all payments of a statement by one trigger.

What began between open users was judged row by row before, by a function call and two statements
for each.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NEW_PAYMENTS = """
CREATE OR REPLACE FUNCTION note_new_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM require_open(ARRAY(
        SELECT payer_id FROM added UNION ALL SELECT payee_id FROM added));
    INSERT INTO payment_event
        (payment_id, payer_id, payee_id, status, refunded_minor, disputed_minor, dispute_outcome)
    SELECT id, payer_id, payee_id, status, refunded_minor, disputed_minor, dispute_outcome
    FROM added;
    RETURN NULL;
END $$
"""
# Who is paid now is known from the same look that notes what has changed.
CHANGED_PAYMENTS = """
CREATE OR REPLACE FUNCTION note_changed_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    beginning uuid[];
BEGIN
    WITH moved AS MATERIALIZED (
        SELECT changed.id, changed.payer_id, changed.payee_id, changed.status,
            changed.refunded_minor, changed.disputed_minor, changed.dispute_outcome,
            changed.status = 'processing' AND unchanged.status <> 'processing' AS begins
        FROM changed JOIN unchanged ON unchanged.id = changed.id
        WHERE (changed.status, changed.refunded_minor, changed.disputed_minor,
               changed.dispute_outcome)
            IS DISTINCT FROM (unchanged.status, unchanged.refunded_minor,
                              unchanged.disputed_minor, unchanged.dispute_outcome)),
    noted AS (
        INSERT INTO payment_event
            (payment_id, payer_id, payee_id, status, refunded_minor, disputed_minor,
             dispute_outcome)
        SELECT id, payer_id, payee_id, status, refunded_minor, disputed_minor, dispute_outcome
        FROM moved)
    SELECT array_agg(payer_id) || array_agg(payee_id) INTO beginning FROM moved WHERE begins;
    IF beginning IS NOT NULL THEN
        PERFORM require_open(beginning);
    END IF;
    RETURN NULL;
END $$
"""
NEW_PAYMENTS_BEFORE = """
CREATE OR REPLACE FUNCTION note_new_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO payment_event
        (payment_id, payer_id, payee_id, status, refunded_minor, disputed_minor, dispute_outcome)
    SELECT id, payer_id, payee_id, status, refunded_minor, disputed_minor, dispute_outcome
    FROM added;
    RETURN NULL;
END $$
"""
CHANGED_PAYMENTS_BEFORE = """
CREATE OR REPLACE FUNCTION note_changed_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO payment_event
        (payment_id, payer_id, payee_id, status, refunded_minor, disputed_minor, dispute_outcome)
    SELECT id, payer_id, payee_id, status, refunded_minor, disputed_minor, dispute_outcome
    FROM changed
    WHERE NOT EXISTS (
        SELECT FROM unchanged WHERE unchanged.id = changed.id
        AND unchanged.status = changed.status
        AND unchanged.refunded_minor = changed.refunded_minor
        AND unchanged.disputed_minor = changed.disputed_minor
        AND unchanged.dispute_outcome IS NOT DISTINCT FROM changed.dispute_outcome);
    RETURN NULL;
END $$
"""
REQUIRE_OPEN_PARTIES = """
CREATE FUNCTION require_open_parties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM require_open(ARRAY[NEW.payer_id, NEW.payee_id]);
    RETURN NULL;
END $$
"""
TRIGGERS_BEFORE = (
    """
CREATE TRIGGER begins_between_open AFTER INSERT ON payment FOR EACH ROW
EXECUTE FUNCTION require_open_parties()
    """,
    """
CREATE TRIGGER is_paid_between_open AFTER UPDATE OF status ON payment FOR EACH ROW
WHEN (NEW.status = 'processing' AND OLD.status <> 'processing')
EXECUTE FUNCTION require_open_parties()
    """,
)


def upgrade() -> None:
    op.execute(NEW_PAYMENTS)
    op.execute(CHANGED_PAYMENTS)
    op.execute("DROP TRIGGER begins_between_open ON payment")
    op.execute("DROP TRIGGER is_paid_between_open ON payment")
    op.execute("DROP FUNCTION require_open_parties()")


def downgrade() -> None:
    for statement in (REQUIRE_OPEN_PARTIES, *TRIGGERS_BEFORE):
        op.execute(statement)
    op.execute(NEW_PAYMENTS_BEFORE)
    op.execute(CHANGED_PAYMENTS_BEFORE)
