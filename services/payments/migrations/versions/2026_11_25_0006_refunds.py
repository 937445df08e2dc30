"""Refunds, an index of scheduled payments, and rules for reserved ones."""

from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUND = """
CREATE TABLE refund (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    status text NOT NULL,
    amount_minor bigint NOT NULL,
    reason text,
    failure_reason text,
    transfer_id uuid,
    requested_by uuid NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    completed_at timestamptz,
    failed_at timestamptz,
    CONSTRAINT pk_refund PRIMARY KEY (id),
    CONSTRAINT fk_refund_payment_id_payment FOREIGN KEY (payment_id) REFERENCES payment (id),
    CONSTRAINT ck_refund_status_is_known CHECK (status IN ('processing', 'completed', 'failed')),
    CONSTRAINT ck_refund_amount_is_above_zero CHECK (amount_minor >= 1),
    CONSTRAINT ck_refund_version_counts_from_one CHECK (version >= 1),
    CONSTRAINT ck_refund_completed_has_its_time CHECK (
        (status = 'completed') = (completed_at IS NOT NULL)),
    CONSTRAINT ck_refund_completed_has_its_transfer CHECK (
        (status = 'completed') = (transfer_id IS NOT NULL)),
    CONSTRAINT ck_refund_failed_has_its_time CHECK ((status = 'failed') = (failed_at IS NOT NULL)),
    CONSTRAINT ck_refund_failed_has_its_reason CHECK (
        (status = 'failed') = (failure_reason IS NOT NULL))
)
"""
CONSTRAINTS = {
    "set_aside_is_what_was_reserved": "reserved_at IS NULL OR is_reserved",
    "reserved_is_not_scheduled": "NOT is_reserved OR execute_at IS NULL",
}


def upgrade() -> None:
    op.execute(REFUND)
    op.execute(
        "CREATE INDEX ix_refund_payment_id_created_at_id ON refund (payment_id, created_at, id)"
    )
    op.execute(
        "CREATE INDEX ix_payment_execute_at_while_scheduled ON payment (execute_at)"
        " WHERE status = 'scheduled'"
    )
    for name, rule in CONSTRAINTS.items():
        op.execute(f"ALTER TABLE payment ADD CONSTRAINT ck_payment_{name} CHECK ({rule})")


def downgrade() -> None:
    for name in CONSTRAINTS:
        op.execute(f"ALTER TABLE payment DROP CONSTRAINT ck_payment_{name}")
    op.execute("DROP INDEX ix_payment_execute_at_while_scheduled")
    op.execute("DROP TABLE refund")
