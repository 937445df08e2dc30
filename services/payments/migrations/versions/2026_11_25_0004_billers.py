"""Billers: services that can be paid for."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BILLER = """
CREATE TABLE biller (
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    price_minor bigint,
    currency text NOT NULL,
    owner_id uuid NOT NULL,
    account_id uuid,
    is_active boolean NOT NULL,
    search_key text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_biller PRIMARY KEY (id),
    CONSTRAINT ck_biller_name_is_something CHECK (name <> ''),
    CONSTRAINT ck_biller_price_is_in_range CHECK (price_minor BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_biller_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$')
)
"""
INDEXES = (
    "CREATE INDEX ix_biller_is_active_created_at_id ON biller (is_active, created_at, id)",
    """CREATE INDEX ix_biller_owner_id_is_active_created_at_id
    ON biller (owner_id, is_active, created_at, id)""",
)


def upgrade() -> None:
    op.execute(BILLER)
    for index in INDEXES:
        op.execute(index)
    op.execute(
        "ALTER TABLE payment ADD CONSTRAINT fk_payment_service_id_biller"
        " FOREIGN KEY (service_id) REFERENCES biller (id)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE payment DROP CONSTRAINT fk_payment_service_id_biller")
    op.execute("DROP TABLE biller")
