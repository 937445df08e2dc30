"""Creates categories and products, and kit's tables."""

from alembic import op

from kit.db import ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CATEGORY = """
CREATE TABLE category (
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    slug text NOT NULL,
    parent_id uuid,
    is_active boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_category PRIMARY KEY (id),
    CONSTRAINT uq_category_slug UNIQUE (slug),
    CONSTRAINT fk_category_parent_id_category FOREIGN KEY (parent_id) REFERENCES category (id),
    CONSTRAINT ck_category_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT ck_category_nothing_is_its_own_parent CHECK (parent_id <> id),
    CONSTRAINT ck_category_version_counts_from_one CHECK (version >= 1)
)
"""
PRODUCT = """
CREATE TABLE product (
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    slug text NOT NULL,
    description text,
    price_minor bigint NOT NULL,
    currency text NOT NULL,
    stock integer NOT NULL,
    category_id uuid,
    is_active boolean NOT NULL,
    attributes jsonb NOT NULL,
    picture_url text,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    search tsvector NOT NULL,
    CONSTRAINT pk_product PRIMARY KEY (id),
    CONSTRAINT uq_product_slug UNIQUE (slug),
    CONSTRAINT fk_product_category_id_category FOREIGN KEY (category_id) REFERENCES category (id),
    CONSTRAINT ck_product_slug_is_plain CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT ck_product_price_is_in_range CHECK (price_minor BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_product_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_product_stock_is_in_range CHECK (stock BETWEEN 0 AND 1000000000),
    CONSTRAINT ck_product_attributes_have_names CHECK (jsonb_typeof(attributes) = 'object'),
    CONSTRAINT ck_product_version_counts_from_one CHECK (version >= 1)
)
"""
# Lists are read in either direction; reading a B-tree backwards is as fast.
INDEXES = (
    "CREATE INDEX ix_category_parent_id ON category (parent_id)",
    "CREATE INDEX ix_category_name_key_id ON category (name_key, id)",
    "CREATE INDEX ix_category_closed ON category (id) WHERE NOT is_active",
    "CREATE INDEX ix_product_created_at_id ON product (created_at, id)",
    "CREATE INDEX ix_product_price_minor_id ON product (price_minor, id)",
    "CREATE INDEX ix_product_name_key_id ON product (name_key, id)",
    """
CREATE INDEX ix_product_category_id_created_at_id ON product (category_id, created_at, id)
    """,
    "CREATE INDEX ix_product_search ON product USING gin (search)",
)


def upgrade() -> None:
    op.execute(CATEGORY)
    op.execute(PRODUCT)
    for index in INDEXES:
        op.execute(index)
    ddl.create_messaging(op)
    ddl.create_idempotency(op)


def downgrade() -> None:
    ddl.drop_idempotency(op)
    ddl.drop_messaging(op)
    op.execute("DROP TABLE product, category")
