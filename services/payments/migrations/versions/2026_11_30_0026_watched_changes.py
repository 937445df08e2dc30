"""Notes changes of payments only where somebody streams them, or did so in the last days.

Streams that are open at this moment, and positions that readers have, stand in no table: where
there are payments, everybody's changes are noted for a week more.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

EVERYBODY = "'00000000-0000-0000-0000-000000000000'"
TABLE = """
CREATE TABLE watched (
    subject uuid CONSTRAINT pk_watched PRIMARY KEY,
    since bigint NOT NULL,
    until timestamptz NOT NULL,
    is_whole boolean NOT NULL DEFAULT false
)
"""
AT_FIRST = f"""
INSERT INTO watched (subject, since, until, is_whole)
SELECT {EVERYBODY}, coalesce(
    (SELECT min(seq) - 1 FROM payment_event),
    pg_sequence_last_value(pg_get_serial_sequence('payment_event', 'seq')::regclass), 0),
    now() + interval '7 days', true
WHERE EXISTS (SELECT FROM payment)
"""
_FACTS = "payer_id, payee_id, status, refunded_minor, disputed_minor, dispute_outcome"
NEW_PAYMENTS = """
CREATE OR REPLACE FUNCTION note_new_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM require_open(ARRAY(
        SELECT payer_id FROM added UNION ALL SELECT payee_id FROM added));
    INSERT INTO payment_event (payment_id, {facts})
    SELECT id, {facts} FROM added{watched};
    RETURN NULL;
END $$
"""
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
        INSERT INTO payment_event (payment_id, {facts})
        SELECT id, {facts} FROM moved{watched})
    SELECT array_agg(payer_id) || array_agg(payee_id) INTO beginning FROM moved WHERE begins;
    IF beginning IS NOT NULL THEN
        PERFORM require_open(beginning);
    END IF;
    RETURN NULL;
END $$
"""
RETURNS = """
CREATE OR REPLACE FUNCTION note_returns() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO payment_event
        (payment_id, payer_id, status, refunded_minor, disputed_minor, dispute_outcome)
    SELECT id, payer_id, status, refunded_minor, disputed_minor, dispute_outcome
    FROM payment WHERE id = NEW.payment_id{watched};
    RETURN NULL;
END $$
"""


def _where(word: str, *subjects: str) -> str:
    named = ", ".join((*subjects, EVERYBODY))
    return f"\n    {word} EXISTS (SELECT FROM watched WHERE subject IN ({named}))"


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(AT_FIRST)
    by_payment = ("id", "payer_id", "payee_id")
    for text, word, subjects in (
        (NEW_PAYMENTS, "WHERE", by_payment[1:]),
        (CHANGED_PAYMENTS, "WHERE", by_payment),
        (RETURNS, "AND", by_payment[:2]),
    ):
        op.execute(text.format(facts=_FACTS, watched=_where(word, *subjects)))


def downgrade() -> None:
    for text in (NEW_PAYMENTS, CHANGED_PAYMENTS, RETURNS):
        op.execute(text.format(facts=_FACTS, watched=""))
    op.execute("DROP TABLE watched")
    # Between those that were noted others are missing: positions of readers begin anew.
    op.execute("DELETE FROM payment_event")
