"""Bulks; changes of payments, for streams; limits of people."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE bulk (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    total integer NOT NULL,
    done integer NOT NULL,
    created_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    CONSTRAINT pk_bulk PRIMARY KEY (id),
    CONSTRAINT ck_bulk_done_is_of_the_total CHECK (done BETWEEN 0 AND total)
)
    """,
    "CREATE INDEX ix_bulk_next_at_while_waiting ON bulk (next_at) WHERE done < total",
    """
CREATE TABLE bulk_row (
    bulk_id uuid NOT NULL,
    position integer NOT NULL,
    asked jsonb,
    code text,
    payment_id uuid,
    CONSTRAINT pk_bulk_row PRIMARY KEY (bulk_id, position),
    CONSTRAINT fk_bulk_row_bulk_id FOREIGN KEY (bulk_id) REFERENCES bulk (id)
        ON DELETE CASCADE,
    CONSTRAINT ck_bulk_row_has_one_fate CHECK (num_nonnulls(asked, code, payment_id) = 1)
)
    """,
)
LIMITS = (
    "ALTER TABLE payment ADD COLUMN counted_on date",
    """
CREATE TABLE payment_limit (
    user_id uuid NOT NULL,
    currency text NOT NULL,
    per_payment_minor bigint,
    per_day_minor bigint,
    set_by uuid NOT NULL,
    set_at timestamptz NOT NULL,
    CONSTRAINT pk_payment_limit PRIMARY KEY (user_id, currency),
    CONSTRAINT ck_payment_limit_limits_are_positive CHECK (
        least(per_payment_minor, per_day_minor) >= 1)
)
    """,
    """
CREATE TABLE payment_day (
    user_id uuid NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    spent_minor bigint NOT NULL,
    CONSTRAINT pk_payment_day PRIMARY KEY (user_id, currency, day),
    CONSTRAINT ck_payment_day_spent_is_not_negative CHECK (spent_minor >= 0)
) WITH (fillfactor = 50)
    """,
)
CHANGES = (
    """
CREATE TABLE payment_event (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    payment_id uuid NOT NULL,
    payer_id uuid NOT NULL,
    payee_id uuid NOT NULL,
    status text NOT NULL,
    refunded_minor bigint NOT NULL,
    CONSTRAINT pk_payment_event PRIMARY KEY (seq)
)
    """,
    "CREATE INDEX ix_payment_event_payment_id_seq ON payment_event (payment_id, seq)",
    "CREATE INDEX ix_payment_event_payer_id_seq ON payment_event (payer_id, seq)",
    "CREATE INDEX ix_payment_event_payee_id_seq ON payment_event (payee_id, seq)",
    """
CREATE FUNCTION note_new_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO payment_event (payment_id, payer_id, payee_id, status, refunded_minor)
    SELECT id, payer_id, payee_id, status, refunded_minor FROM added;
    RETURN NULL;
END $$
    """,
    """
CREATE FUNCTION note_changed_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO payment_event (payment_id, payer_id, payee_id, status, refunded_minor)
    SELECT id, payer_id, payee_id, status, refunded_minor FROM changed
    WHERE NOT EXISTS (
        SELECT FROM unchanged WHERE unchanged.id = changed.id
        AND unchanged.status = changed.status
        AND unchanged.refunded_minor = changed.refunded_minor);
    RETURN NULL;
END $$
    """,
    """
CREATE TRIGGER tr_payment_added AFTER INSERT ON payment
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note_new_payments()
    """,
    """
CREATE TRIGGER tr_payment_changed AFTER UPDATE ON payment
REFERENCING OLD TABLE AS unchanged NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION note_changed_payments()
    """,
)


def upgrade() -> None:
    for statement in TABLES + LIMITS + CHANGES:
        op.execute(statement)


def downgrade() -> None:
    for trigger, function in (("added", "new"), ("changed", "changed")):
        op.execute(f"DROP TRIGGER tr_payment_{trigger} ON payment")
        op.execute(f"DROP FUNCTION note_{function}_payments()")
    op.execute("DROP TABLE payment_event")
    op.execute("DROP TABLE payment_limit, payment_day")
    op.execute("ALTER TABLE payment DROP COLUMN counted_on")
    op.execute("DROP TABLE bulk_row, bulk")
