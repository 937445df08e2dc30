"""Payments to billers, by card, reserved, scheduled, and refunded."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = {
    "service_id": "uuid",
    "method": "text NOT NULL DEFAULT 'wallet'",
    "execute_at": "timestamptz",
    "is_reserved": "boolean NOT NULL DEFAULT false",
    "reserved_at": "timestamptz",
    "paid_minor": "bigint",
    "refunded_minor": "bigint NOT NULL DEFAULT 0",
    "refunded_at": "timestamptz",
}
CONSTRAINTS = {
    "method_is_known": "method IN ('wallet', 'card')",
    "scheduled_has_its_time": "status <> 'scheduled' OR execute_at IS NOT NULL",
    "paid_has_its_amount": "(paid_at IS NOT NULL) = (paid_minor IS NOT NULL)",
    "paid_fits_the_amount": "paid_minor BETWEEN 1 AND amount_minor",
    "refunds_fit_what_was_paid": "refunded_minor BETWEEN 0 AND coalesce(paid_minor, 0)",
    "refunded_has_its_time": "(status = 'refunded') = (refunded_at IS NOT NULL)",
}
BEFORE = "'created', 'processing', 'paid', 'failed', 'cancelled', 'refunded'"


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE payment ADD COLUMN {name} {kind}")
    op.execute("UPDATE payment SET paid_minor = amount_minor WHERE paid_at IS NOT NULL")
    for name, rule in CONSTRAINTS.items():
        op.execute(f"ALTER TABLE payment ADD CONSTRAINT ck_payment_{name} CHECK ({rule})")
    _know(f"'scheduled', {BEFORE}")


def downgrade() -> None:
    _know(BEFORE)
    for name in CONSTRAINTS:
        op.execute(f"ALTER TABLE payment DROP CONSTRAINT ck_payment_{name}")
    for name in COLUMNS:
        op.execute(f"ALTER TABLE payment DROP COLUMN {name}")


def _know(statuses: str) -> None:
    op.execute("ALTER TABLE payment DROP CONSTRAINT ck_payment_status_is_known")
    op.execute(
        "ALTER TABLE payment ADD CONSTRAINT ck_payment_status_is_known"
        f" CHECK (status IN ({statuses}))"
    )
