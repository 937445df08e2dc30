"""Adds the payment to webhook messages, so that a payment's attempts are found."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FILL = """
UPDATE webhook_message
SET payment_id = (convert_from(body, 'UTF8')::jsonb #>> '{data,payment_id}')::uuid
WHERE type LIKE 'payment.%'
"""


def upgrade() -> None:
    op.execute("ALTER TABLE webhook_message ADD COLUMN payment_id uuid")
    op.execute(FILL)
    op.execute(
        """CREATE INDEX ix_webhook_message_payment_id ON webhook_message (payment_id)
        WHERE payment_id IS NOT NULL"""
    )


def downgrade() -> None:
    op.execute("ALTER TABLE webhook_message DROP COLUMN payment_id")
