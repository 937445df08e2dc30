"""Adds what API keys begin to pay, day by day."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE key_day (
        key_id uuid NOT NULL,
        day date NOT NULL,
        spent_minor bigint NOT NULL,
        CONSTRAINT pk_key_day PRIMARY KEY (key_id, day),
        CONSTRAINT ck_key_day_spent_is_some CHECK (spent_minor > 0)
    )
    """,
    "COMMENT ON COLUMN key_day.key_id IS 'an API key of auth''s'",
    "COMMENT ON COLUMN key_day.spent_minor IS 'in the key''s currency'",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE key_day")
