"""Adds whether a person has an address, so that no mail is stored without one."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE person ADD COLUMN has_email boolean")


def downgrade() -> None:
    op.execute("ALTER TABLE person DROP COLUMN has_email")
