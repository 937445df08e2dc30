"""Bulks."""

from alembic import op

revision = "0007"
down_revision = "0003"
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


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE bulk_row, bulk")
