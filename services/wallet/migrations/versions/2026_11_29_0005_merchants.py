"""Lets a merchant's account take the place of a default wallet."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAME = "ck_account_only_a_wallet_is_a_default"


def upgrade() -> None:
    """Relax the check; no row breaks the one before, so none has to be read again."""
    _replace("kind IN ('wallet', 'merchant') OR NOT is_default")


def downgrade() -> None:
    """Undo it. It fails while there is a merchant's account."""
    _replace("kind = 'wallet' OR NOT is_default")


def _replace(rule: str) -> None:
    op.execute(f"ALTER TABLE account DROP CONSTRAINT {_NAME}")
    op.execute(f"ALTER TABLE account ADD CONSTRAINT {_NAME} CHECK ({rule})")
