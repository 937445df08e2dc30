"""Allows links that reset a password."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PURPOSES = "'activation'"


def _allow(purposes: str) -> None:
    op.execute("ALTER TABLE link DROP CONSTRAINT ck_link_purpose")
    op.execute(f"ALTER TABLE link ADD CONSTRAINT ck_link_purpose CHECK (purpose IN ({purposes}))")


def upgrade() -> None:
    _allow(f"{PURPOSES}, 'password_reset'")


def downgrade() -> None:
    op.execute("DELETE FROM link WHERE purpose = 'password_reset'")
    _allow(PURPOSES)
