"""Providers' reasons, receipts, and indexes for open charges and ids of refunds."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FAULT = """
CREATE TABLE provider_fault (
    id bigint GENERATED ALWAYS AS IDENTITY,
    charge_id uuid NOT NULL,
    at timestamptz NOT NULL,
    asked text NOT NULL,
    told jsonb NOT NULL,
    CONSTRAINT pk_provider_fault PRIMARY KEY (id),
    CONSTRAINT fk_provider_fault_charge_id_charge FOREIGN KEY (charge_id) REFERENCES charge (id)
)
"""


def upgrade() -> None:
    op.execute(FAULT)
    op.execute("CREATE INDEX ix_provider_fault_charge_id_id ON provider_fault (charge_id, id)")
    op.execute("CREATE INDEX ix_card_refund_reference ON card_refund (reference)")
    op.execute(
        "CREATE INDEX ix_charge_owner_id_while_open ON charge (owner_id)"
        " WHERE status IN ('wanted', 'pending')"
    )
    op.execute("ALTER TABLE payment ADD COLUMN lines jsonb")
    op.execute("ALTER TABLE charge ADD COLUMN receipt jsonb")


def downgrade() -> None:
    op.execute("ALTER TABLE charge DROP COLUMN receipt")
    op.execute("ALTER TABLE payment DROP COLUMN lines")
    op.execute("DROP INDEX ix_charge_owner_id_while_open")
    op.execute("DROP INDEX ix_card_refund_reference")
    op.execute("DROP TABLE provider_fault")
