"""Keeps the logs of sagas in their rows."""

from alembic import op

from kit.db import ddl

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.move_saga_log_into_row(op)


def downgrade() -> None:
    ddl.move_saga_log_apart(op)
