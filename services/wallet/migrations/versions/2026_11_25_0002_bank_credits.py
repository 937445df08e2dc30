"""Stores each credit from a bank once, and lets suspense accounts go negative.

A suspense account goes negative by chargebacks that nobody covers.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_RULE = "ck_account_available_is_not_negative"


def upgrade() -> None:
    """Add the table and loosen the rule about negative balances."""
    op.execute(
        """
        CREATE TABLE bank_credit (
            provider text NOT NULL,
            transaction_id text NOT NULL,
            wallet text NOT NULL,
            amount_minor bigint NOT NULL,
            currency text NOT NULL,
            transfer_id uuid NOT NULL,
            is_suspense boolean NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_bank_credit PRIMARY KEY (provider, transaction_id),
            CONSTRAINT uq_bank_credit_transfer_id UNIQUE (transfer_id),
            CONSTRAINT ck_bank_credit_amount_is_something CHECK (amount_minor > 0)
        )
        """
    )
    _let_owe("kind IN ('external', 'suspense')")


def downgrade() -> None:
    """Undo both; it fails while a suspense account is negative."""
    _let_owe("kind = 'external'")
    op.execute("DROP TABLE bank_credit")


def _let_owe(kinds: str) -> None:
    op.execute(f"ALTER TABLE account DROP CONSTRAINT {_RULE}")
    op.execute(
        f"ALTER TABLE account ADD CONSTRAINT {_RULE} CHECK (balance_minor >= held_minor OR {kinds})"
    )
