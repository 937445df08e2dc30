"""Defines wallet's tables; their constraints restate the ledger's rules."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kit.db.metadata import metadata

METADATA = metadata()

account = Table(
    "account",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("number", BigInteger, Identity(always=True, start=1001), nullable=False, unique=True),
    Column("owner_id", Uuid),
    Column("currency", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    Column("balance_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("held_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("seq", BigInteger, nullable=False, server_default=text("0")),
    Column(
        "last_hash",
        LargeBinary,
        nullable=False,
        server_default=text(r"decode(repeat('00', 32), 'hex')"),
    ),
    Column("moved_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # For house accounts: when one is full, the next generation is opened.
    Column("generation", Integer, nullable=False, server_default=text("1")),
    # What the owner owes to the house account `debts`; not part of the balance.
    Column("owed_minor", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint(
        "kind IN ('wallet', 'merchant', 'external', 'fees', 'suspense', 'debts')", name="kind"
    ),
    CheckConstraint("status IN ('active', 'frozen', 'closed')", name="status"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    CheckConstraint(
        "(kind IN ('wallet', 'merchant')) = (owner_id IS NOT NULL)", name="people_own_wallets"
    ),
    CheckConstraint(
        "kind IN ('wallet', 'merchant') OR NOT is_default", name="only_a_wallet_is_a_default"
    ),
    CheckConstraint("held_minor >= 0", name="held_is_not_negative"),
    CheckConstraint(
        "balance_minor >= held_minor OR kind IN ('external', 'suspense', 'debts')",
        name="available_is_not_negative",
    ),
    CheckConstraint(
        "abs(balance_minor) <= CASE WHEN kind IN ('external', 'suspense', 'debts')"
        " THEN 9000000000000000000 ELSE 1000000000000000000 END",
        name="balance_limit",
    ),
    CheckConstraint("owed_minor >= 0", name="owed_is_not_negative"),
    CheckConstraint("owed_minor = 0 OR owner_id IS NOT NULL", name="only_people_owe"),
    CheckConstraint("owed_minor = 0 OR balance_minor = held_minor", name="who_owes_has_nothing"),
    CheckConstraint("kind <> 'debts' OR balance_minor <= 0", name="debts_are_lent"),
    CheckConstraint(
        "status <> 'closed' OR (balance_minor = 0 AND held_minor = 0)", name="closed_is_empty"
    ),
    CheckConstraint("seq >= 0", name="seq_counts_up"),
    CheckConstraint("octet_length(last_hash) = 32", name="last_hash_length"),
    Index(
        "uq_account_default",
        "owner_id",
        "currency",
        unique=True,
        postgresql_where=text("is_default"),
    ),
    Index(
        "uq_account_system",
        "kind",
        "name",
        "currency",
        "generation",
        unique=True,
        postgresql_where=text("owner_id IS NULL"),
    ),
    Index("ix_account_owner", "owner_id", text("created_at DESC"), text("id DESC")),
    Index(
        "ix_account_created_at",
        text("created_at DESC"),
        text("id DESC"),
        postgresql_where=text("owner_id IS NOT NULL"),
    ),
    # No index covers what a posting changes, so a page with free room lets PostgreSQL update a row
    # in place.
    postgresql_with={"fillfactor": 50},
)

transfer = Table(
    "transfer",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("description", Text),
    Column("currency", Text, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    # A transfer's entries are found by these accounts and by its time. They are not foreign keys,
    # because the trigger `balanced` checks the entries.
    Column("payer_account_id", Uuid, nullable=False),
    Column("payee_account_id", Uuid, nullable=False),
    Column("owed_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("meant_account_id", Uuid),  # the closed wallet that should have got the money
    Column("purpose", Text),  # what the asker says it is for
    CheckConstraint("owed_minor >= 0", name="owed_is_not_negative"),
)

entry = Table(
    "entry",
    METADATA,
    # Not foreign keys: the trigger `balanced` checks account and transfer, once for each statement.
    Column("account_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("transfer_id", Uuid, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("balance_after_minor", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("posted_at", DateTime(timezone=True), nullable=False),
    # Who reads what all accounts have moved reads on by it; drawn after the accounts were locked.
    Column("position", BigInteger, Identity(always=True), nullable=False, unique=True),
    CheckConstraint("seq > 0", name="seq_counts_from_one"),
    CheckConstraint("amount_minor <> 0", name="amount_is_something"),
    CheckConstraint("octet_length(hash) = 32", name="hash_length"),
)

hold = Table(
    "hold",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("account.id"), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("captured_minor", BigInteger, nullable=False),
    Column("released_minor", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("amount_minor > 0", name="amount_is_something"),
    CheckConstraint("captured_minor >= 0 AND released_minor >= 0", name="parts_count_up"),
    CheckConstraint(
        "captured_minor + released_minor <= amount_minor", name="parts_fit_into_the_whole"
    ),
    # A plan made while it fits a page would read all of it, and be kept while it grows.
    postgresql_with={"fillfactor": 70, "autovacuum_analyze_threshold": 1000},
)

command = Table(
    "command",
    METADATA,
    Column("command_id", Uuid, primary_key=True),
    Column("reply_type", Text),
    Column("reply", JSONB),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # Of a posted transfer the reply is not kept: transfer and entries, which never change, say it.
    # No foreign key: what writes it has written the transfer in the same batch.
    Column("transfer_id", Uuid),
    Column("payer_seq", BigInteger),  # the entries that the reply names
    Column("payee_seq", BigInteger),
    CheckConstraint(
        "(reply IS NULL) = (transfer_id IS NOT NULL) AND (reply IS NULL) = (reply_type IS NULL)",
        name="has_one_answer",
    ),
    postgresql_with={"autovacuum_analyze_threshold": 1000},  # as that of `hold`
)

bank_credit = Table(
    "bank_credit",
    METADATA,
    Column("provider", Text, primary_key=True),
    Column("transaction_id", Text, primary_key=True),
    Column("wallet", Text, nullable=False),  # as the bank named it: an id or a number
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("transfer_id", Uuid, nullable=False, unique=True),
    Column("is_suspense", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("amount_minor > 0", name="amount_is_something"),
)

closed_owner = Table(
    "closed_owner",
    METADATA,
    Column("owner_id", Uuid, primary_key=True),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    Column("frozen_ids", ARRAY(Uuid), nullable=False),  # frozen before they were closed
)

adjustment = Table(
    "adjustment",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("payer_account_id", Uuid, ForeignKey("account.id"), nullable=False),
    Column("payee_account_id", Uuid, ForeignKey("account.id"), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'pending'")),
    Column("proposed_by", Uuid, nullable=False),
    Column("decided_by", Uuid),
    Column("transfer_id", Uuid, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    CheckConstraint("amount_minor > 0", name="amount_is_something"),
    CheckConstraint("status IN ('pending', 'posted', 'rejected')", name="status"),
    CheckConstraint("payer_account_id <> payee_account_id", name="moves_something"),
    CheckConstraint(
        "(status = 'pending') = (decided_by IS NULL)"
        " AND (status = 'pending') = (decided_at IS NULL)"
        " AND (status = 'posted') = (transfer_id IS NOT NULL)",
        name="decided",
    ),
    CheckConstraint("status <> 'posted' OR decided_by <> proposed_by", name="two_eyes"),
    Index("ix_adjustment_created_at", text("created_at DESC"), text("id DESC")),
)

top_up_day = Table(
    "top_up_day",
    METADATA,
    Column("owner_id", Uuid, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("asked_minor", BigInteger, nullable=False),  # in total on `day`
    CheckConstraint("asked_minor > 0", name="asked_is_something"),
)
