"""Stores with each payment what was counted, whether it is paid whole, what moved.

Adds indexes for lists over everybody's. Days that were given back another sum than was counted
are corrected, so that the sagas that wait for it can end.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE payment
    ADD COLUMN counted_minor bigint,
    ADD COLUMN is_price_fixed boolean NOT NULL DEFAULT false,
    ADD COLUMN debited_account_id uuid,
    ADD COLUMN credited_account_id uuid
"""

# The part that is paid of a reserved payment is in its saga: in its data, or in a kept signal.
COUNTED = """
UPDATE payment SET counted_minor = coalesce(
    paid_minor,
    (SELECT coalesce(data ->> 'capture_minor', data #>> '{signals,confirm,1,capture_minor}')::bigint
     FROM saga WHERE saga.id = payment.id),
    amount_minor)
WHERE counted_on IS NOT NULL
"""

SPENT = """
UPDATE payment_day SET spent_minor = coalesce((
    SELECT sum(counted_minor)::bigint FROM payment
    WHERE payment.payer_id = payment_day.user_id AND payment.currency = payment_day.currency
    AND payment.counted_on = payment_day.day AND payment.status NOT IN ('failed', 'cancelled')), 0)
"""

# Payments under way were accepted without this rule, so they do not get it.
FIXED = """
UPDATE payment SET is_price_fixed = true FROM biller
WHERE biller.id = payment.service_id AND biller.price_minor IS NOT NULL
    AND payment.status IN ('created', 'scheduled')
"""

MOVED = """
UPDATE payment SET debited_account_id = (saga.data ->> 'payer_account_id')::uuid,
    credited_account_id = (saga.data ->> 'payee_account_id')::uuid
FROM saga WHERE saga.id = payment.id AND saga.phase = 'completed' AND payment.paid_at IS NOT NULL
"""

CONSTRAINTS = """
ALTER TABLE payment
    ADD CONSTRAINT ck_payment_counted_has_its_day CHECK (
        counted_minor IS NULL
        OR (counted_minor BETWEEN 1 AND amount_minor AND counted_on IS NOT NULL)),
    ADD CONSTRAINT ck_payment_a_price_is_paid_whole CHECK (
        NOT is_price_fixed OR paid_minor IS NULL OR paid_minor = amount_minor)
"""

INDEXES = (
    "CREATE INDEX ix_payment_created_at_id ON payment (created_at, id)",
    "CREATE INDEX ix_payment_transfer_id ON payment (transfer_id) WHERE transfer_id IS NOT NULL",
    "CREATE INDEX ix_refund_created_at_id ON refund (created_at, id)",
    "CREATE INDEX ix_refund_transfer_id ON refund (transfer_id) WHERE transfer_id IS NOT NULL",
    "CREATE INDEX ix_bulk_created_at_id ON bulk (created_at, id)",
    "CREATE INDEX ix_bulk_user_id_created_at_id ON bulk (user_id, created_at, id)",
    "CREATE INDEX ix_charge_created_at_id ON charge (created_at, id)",
    "CREATE INDEX ix_charge_owner_id_created_at_id ON charge (owner_id, created_at, id)",
)


def upgrade() -> None:
    for statement in (COLUMNS, COUNTED, SPENT, FIXED, MOVED, CONSTRAINTS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    for index in INDEXES:
        op.execute(f"DROP INDEX {index.split()[2]}")
    op.execute(
        "ALTER TABLE payment DROP COLUMN counted_minor, DROP COLUMN is_price_fixed,"
        " DROP COLUMN debited_account_id, DROP COLUMN credited_account_id"
    )
