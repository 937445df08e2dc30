"""Adds who wants to be told of new payments.

Until all of them are known, everybody is told.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE listener (user_id uuid CONSTRAINT pk_listener PRIMARY KEY)")


def downgrade() -> None:
    op.execute("DROP TABLE listener")
