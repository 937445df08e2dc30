"""Lets a row of the outbox hold several messages.

From here on an older relay sends nothing; what is written meanwhile waits for one of today.
"""

from alembic import op

from kit.db import ddl

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.pack_outbox(op)


def downgrade() -> None:
    ddl.unpack_outbox(op)
