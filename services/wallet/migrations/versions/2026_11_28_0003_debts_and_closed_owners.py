"""Adds debts, closed owners, both sides of a transfer, and the bound on top-ups.

It also raises the limit on the balance of a house account and numbers house accounts of one name
(`generation`).
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KINDS = "'wallet', 'merchant', 'external', 'fees', 'suspense'"
_MOST = 1_000_000_000_000_000_000
_MOST_OF_HOUSE = 9 * _MOST

_RULES = {
    "ck_account_owed_is_not_negative": "owed_minor >= 0",
    "ck_account_only_people_owe": "owed_minor = 0 OR owner_id IS NOT NULL",
    "ck_account_who_owes_has_nothing": "owed_minor = 0 OR balance_minor = held_minor",
    "ck_account_debts_are_lent": "kind <> 'debts' OR balance_minor <= 0",
    "ck_account_closed_is_empty": "status <> 'closed' OR (balance_minor = 0 AND held_minor = 0)",
}


def upgrade() -> None:
    """Add all of it; the sides of posted transfers are read from their entries."""
    op.execute("ALTER TABLE account ADD COLUMN owed_minor bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE account ADD COLUMN generation integer NOT NULL DEFAULT 1")
    _index("kind, name, currency, generation")
    _replace("ck_account_kind", f"kind IN ({_KINDS}, 'debts')")
    _replace("ck_account_status", "status IN ('active', 'frozen', 'closed')")
    _replace(
        "ck_account_available_is_not_negative",
        "balance_minor >= held_minor OR kind IN ('external', 'suspense', 'debts')",
    )
    _replace(
        "ck_account_balance_limit",
        f"abs(balance_minor) <= CASE WHEN kind IN ('external', 'suspense', 'debts')"
        f" THEN {_MOST_OF_HOUSE} ELSE {_MOST} END",
    )
    for name, rule in _RULES.items():
        _add(name, rule)
    _name_sides()
    op.execute(
        """
        CREATE TABLE closed_owner (
            owner_id uuid NOT NULL,
            closed_at timestamptz NOT NULL,
            frozen_ids uuid[] NOT NULL,
            CONSTRAINT pk_closed_owner PRIMARY KEY (owner_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE top_up_day (
            owner_id uuid NOT NULL,
            currency text NOT NULL,
            day date NOT NULL,
            asked_minor bigint NOT NULL,
            CONSTRAINT pk_top_up_day PRIMARY KEY (owner_id, currency),
            CONSTRAINT ck_top_up_day_asked_is_something CHECK (asked_minor > 0)
        )
        """
    )


def downgrade() -> None:
    """Undo all of it.

    It fails while somebody owes or is closed, and while a house account is over the old limit or
    has a second generation.
    """
    op.execute("DROP TABLE top_up_day")
    op.execute("DROP TABLE closed_owner")
    op.execute(
        "ALTER TABLE transfer DROP COLUMN payer_account_id, DROP COLUMN payee_account_id,"
        " DROP COLUMN owed_minor, DROP COLUMN meant_account_id"
    )
    for name in _RULES:
        op.execute(f"ALTER TABLE account DROP CONSTRAINT {name}")
    _replace("ck_account_balance_limit", f"balance_minor BETWEEN -{_MOST} AND {_MOST}")
    _replace(
        "ck_account_available_is_not_negative",
        "balance_minor >= held_minor OR kind IN ('external', 'suspense')",
    )
    _replace("ck_account_status", "status IN ('active', 'frozen')")
    _replace("ck_account_kind", f"kind IN ({_KINDS})")
    _index("kind, name, currency")
    op.execute("ALTER TABLE account DROP COLUMN owed_minor, DROP COLUMN generation")


def _name_sides() -> None:
    op.execute(
        "ALTER TABLE transfer ADD COLUMN payer_account_id uuid, ADD COLUMN payee_account_id uuid,"
        " ADD COLUMN owed_minor bigint NOT NULL DEFAULT 0, ADD COLUMN meant_account_id uuid,"
        " ADD CONSTRAINT ck_transfer_owed_is_not_negative CHECK (owed_minor >= 0)"
    )
    op.execute("ALTER TABLE transfer DISABLE TRIGGER append_only")
    op.execute(
        """
        UPDATE transfer SET payer_account_id = payer.account_id, payee_account_id = payee.account_id
        FROM entry AS payer, entry AS payee
        WHERE payer.transfer_id = transfer.id AND payer.amount_minor < 0
            AND payee.transfer_id = transfer.id AND payee.amount_minor > 0
        """
    )
    op.execute("ALTER TABLE transfer ENABLE TRIGGER append_only")
    op.execute(
        "ALTER TABLE transfer ALTER COLUMN payer_account_id SET NOT NULL,"
        " ALTER COLUMN payee_account_id SET NOT NULL"
    )


def _index(columns: str) -> None:
    op.execute("DROP INDEX uq_account_system")
    op.execute(
        f"CREATE UNIQUE INDEX uq_account_system ON account ({columns}) WHERE owner_id IS NULL"
    )


def _replace(name: str, rule: str) -> None:
    op.execute(f"ALTER TABLE account DROP CONSTRAINT {name}")
    _add(name, rule)


def _add(name: str, rule: str) -> None:
    op.execute(f"ALTER TABLE account ADD CONSTRAINT {name} CHECK ({rule})")
