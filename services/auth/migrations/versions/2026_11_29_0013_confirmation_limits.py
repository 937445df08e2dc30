"""Adds the amounts above which users want to be asked anew who they are."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    ALTER TABLE user_account
        ADD COLUMN confirm_above jsonb NOT NULL DEFAULT '{}',
        ADD CONSTRAINT ck_user_account_confirm_above_is_amounts CHECK (
            jsonb_typeof(confirm_above) = 'object' AND NOT jsonb_path_exists(confirm_above,
                '$.* ? (@.type() != "number" || @ < 1 || @ > 1000000000000000 || @.floor() != @)')),
        ADD CONSTRAINT ck_user_account_deleted_confirms_nothing
            CHECK (confirm_above = '{}' OR status <> 'deleted')
    """,
    "COMMENT ON COLUMN user_account.confirm_above IS 'minor units by currency'",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE user_account DROP COLUMN confirm_above")
