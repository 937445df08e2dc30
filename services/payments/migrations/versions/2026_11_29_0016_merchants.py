"""Adds payments and refunds that other services ask for, for a merchant."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Its row comes before the payment's, or without one, so no foreign key can refer to that.
MERCHANT_PAYMENT = """
CREATE TABLE merchant_payment (
    payment_id uuid NOT NULL,
    asker text,
    subject text NOT NULL,
    take_id uuid,
    return_id uuid,
    refusal text,
    CONSTRAINT pk_merchant_payment PRIMARY KEY (payment_id),
    CONSTRAINT ck_merchant_payment_was_taken_or_refused
        CHECK (take_id IS NOT NULL OR refusal IS NOT NULL)
)
"""

MERCHANT_REFUND = """
CREATE TABLE merchant_refund (
    refund_id uuid NOT NULL,
    asker text,
    subject text NOT NULL,
    command_id uuid NOT NULL,
    refusal text,
    CONSTRAINT pk_merchant_refund PRIMARY KEY (refund_id)
)
"""


def upgrade() -> None:
    op.execute("ALTER TABLE payment ADD COLUMN order_id uuid")
    op.execute(MERCHANT_PAYMENT)
    op.execute(MERCHANT_REFUND)


def downgrade() -> None:
    op.execute("DROP TABLE merchant_refund")
    op.execute("DROP TABLE merchant_payment")
    op.execute("ALTER TABLE payment DROP COLUMN order_id")
