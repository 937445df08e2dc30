"""Defines the tables of payments and of people; those of cards are in `cards`.

Parties and wallets are read models, filled by events, so no foreign key can refer to them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from payments.tables.cards import METADATA

_AT = DateTime(timezone=True)

payment = Table(
    "payment",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("status", Text, nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("payee_id", Uuid, nullable=False),
    Column("payer_account_id", Uuid),
    Column("payee_account_id", Uuid),
    Column("service_id", Uuid, ForeignKey("biller.id")),
    Column("method", Text, nullable=False, server_default="wallet"),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("card_last4", Text),
    Column("card_holder", Text),
    Column("description", Text),
    Column("metadata", JSONB),
    Column("reason", Text),
    Column("transfer_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("expires_at", _AT, nullable=False),
    Column("execute_at", _AT),
    Column("is_reserved", Boolean, nullable=False, server_default=text("false")),
    Column("reserved_at", _AT),
    Column("processing_at", _AT),
    Column("cancel_requested_at", _AT),
    Column("paid_at", _AT),
    Column("failed_at", _AT),
    Column("cancelled_at", _AT),
    Column("paid_minor", BigInteger),
    Column("refunded_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("refunded_at", _AT),
    Column("counted_on", Date),
    Column("lines", JSONB),
    Column("order_id", Uuid),
    Column("counted_minor", BigInteger),
    Column("is_price_fixed", Boolean, nullable=False, server_default=text("false")),
    Column("debited_account_id", Uuid),
    Column("credited_account_id", Uuid),
    Column("disputed_at", _AT),
    Column("disputed_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("dispute_outcome", Text),
    # The status for the indexes. It stays while a payment is claimed, and so do they.
    Column(
        "listed_as",
        Text,
        Computed(
            "CASE WHEN status IN ('created', 'processing') THEN 'open' ELSE status END",
            persisted=True,
        ),
    ),
    # Few and short, as each statement reads their texts.
    CheckConstraint(
        "payer_id <> payee_id AND amount_minor BETWEEN 1 AND 1000000000000000"
        " AND currency ~ '^[A-Z]{3}$' AND card_last4 ~ '^[0-9]{4}$' AND version >= 1"
        " AND method = ANY ('{wallet,card}'::text[]) AND (reserved_at IS NULL OR is_reserved)"
        " AND NOT (is_reserved AND execute_at IS NOT NULL)"
        " AND (status <> 'scheduled' OR execute_at IS NOT NULL)",
        name="order_is_sound",
    ),
    # Its own, and no other status's: t or f for each.
    CheckConstraint(
        "concat(status, ' ', paid_at IS NOT NULL, transfer_id IS NOT NULL, paid_minor IS NOT NULL,"
        " refunded_at IS NOT NULL, failed_at IS NOT NULL, cancelled_at IS NOT NULL,"
        " reason IS NOT NULL)"
        " = ANY ('{scheduled fffffff,created fffffff,processing fffffff,paid tttffff,"
        " refunded ttttfff,failed fffftft,cancelled ffffftt}'::text[])",
        name="status_has_its_facts",
    ),
    CheckConstraint(
        "paid_minor BETWEEN 1 AND amount_minor"
        " AND refunded_minor BETWEEN 0 AND coalesce(paid_minor, 0)"
        " AND (NOT is_price_fixed OR paid_minor = amount_minor)",
        name="paid_and_refunded_fit",
    ),
    CheckConstraint(
        "counted_minor IS NULL"
        " OR counted_minor BETWEEN 1 AND amount_minor AND counted_on IS NOT NULL",
        name="counted_has_its_day",
    ),
    CheckConstraint(
        "(disputed_at IS NOT NULL) = (disputed_minor >= 1) AND dispute_outcome IN ('won', 'lost')",
        name="disputed_has_its_sum",
    ),
    Index("ix_payment_created_at_id", "created_at", "id"),
    # Of everybody's; what is paid is found along the index before.
    Index(
        "ix_payment_listed_as_created_at_id_unless_paid",
        "listed_as",
        "created_at",
        "id",
        postgresql_where=text("listed_as <> 'paid'"),
    ),
    Index(
        "ix_payment_transfer_id",
        "transfer_id",
        postgresql_where=text("transfer_id IS NOT NULL"),
    ),
    Index(
        "ix_payment_payer_id_listed_as_created_at_id", "payer_id", "listed_as", "created_at", "id"
    ),
    Index(
        "ix_payment_payee_id_listed_as_created_at_id", "payee_id", "listed_as", "created_at", "id"
    ),
    # Holds hardly more than what the expiry sweep looks for; a paid payment leaves it.
    Index(
        "ix_payment_expires_at_while_open",
        "expires_at",
        postgresql_where=text("listed_as = 'open'"),
    ),
    Index(
        "ix_payment_execute_at_while_scheduled",
        "execute_at",
        postgresql_where=text("listed_as = 'scheduled'"),
    ),
    Index(
        "ix_payment_created_at_while_card_holder_kept",
        "created_at",
        postgresql_where=text("card_holder IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": 50},
)

party = Table(
    "party",
    METADATA,
    Column("user_id", Uuid, primary_key=True),
    Column("username", Text),
    Column("username_key", Text),  # as auth compares usernames: payments.domain.parties
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_party_username_key", "username_key"),
)

# Users who are deleted, or are being deleted; triggers refuse to begin anything with them.
closed_party = Table(
    "closed_party",
    METADATA,
    Column("user_id", Uuid, primary_key=True),
    Column("closed_at", _AT, nullable=False),
)

# Who has asked notifications for news of new payments, or had; see repository/listeners.py.
listener = Table("listener", METADATA, Column("user_id", Uuid, primary_key=True))

wallet_owner = Table(
    "wallet_owner",
    METADATA,
    Column("account_id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
)

paid_service = Table(
    "biller",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("price_minor", BigInteger),  # null: the payer names the amount
    Column("currency", Text, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("account_id", Uuid),
    Column("is_active", Boolean, nullable=False),
    Column("search_key", Text, nullable=False),  # folded name and description, for search
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    CheckConstraint("name <> ''", name="name_is_something"),
    CheckConstraint("price_minor BETWEEN 1 AND 1000000000000000", name="price_is_in_range"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
    Index("ix_biller_is_active_created_at_id", "is_active", "created_at", "id"),
    Index(
        "ix_biller_owner_id_is_active_created_at_id", "owner_id", "is_active", "created_at", "id"
    ),
)

bulk = Table(
    "bulk",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("next_at", _AT, nullable=False),
    CheckConstraint("done BETWEEN 0 AND total", name="done_is_of_the_total"),
    Index("ix_bulk_created_at_id", "created_at", "id"),
    Index("ix_bulk_user_id_created_at_id", "user_id", "created_at", "id"),
    Index("ix_bulk_next_at_while_waiting", "next_at", postgresql_where=text("done < total")),
)

bulk_row = Table(
    "bulk_row",
    METADATA,
    Column("bulk_id", Uuid, ForeignKey("bulk.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("asked", JSONB),
    Column("code", Text),
    Column("payment_id", Uuid),
    CheckConstraint("num_nonnulls(asked, code, payment_id) = 1", name="has_one_fate"),
)

# Written by triggers of `payment` and `charge`, so that every change of one that is watched is
# streamed, whoever makes it.
payment_event = Table(
    "payment_event",
    METADATA,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _AT, nullable=False, server_default=text("clock_timestamp()")),
    Column("payment_id", Uuid, nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("payee_id", Uuid),  # null: the change is its payer's alone
    Column("status", Text, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("disputed_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("dispute_outcome", Text),
    Index("ix_payment_event_payment_id_seq", "payment_id", "seq"),
    Index("ix_payment_event_payer_id_seq", "payer_id", "seq"),
    Index("ix_payment_event_payee_id_seq", "payee_id", "seq"),
)

# Whose changes are noted: a user, or a payment. All with a `seq` above `since` are there once
# `is_whole`; see repository/watched.py.
watched = Table(
    "watched",
    METADATA,
    Column("subject", Uuid, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("until", _AT, nullable=False),
    Column("is_whole", Boolean, nullable=False, server_default=text("false")),
)

# A payment that another service has asked for, for a merchant. Its row comes before the payment's;
# there is none where the payment was refused, or was taken back before it was asked for.
merchant_payment = Table(
    "merchant_payment",
    METADATA,
    Column("payment_id", Uuid, primary_key=True),
    Column("asker", Text),  # the service to answer
    Column("subject", Text, nullable=False),
    Column("take_id", Uuid),
    Column("return_id", Uuid),
    Column("refusal", Text),
    CheckConstraint("take_id IS NOT NULL OR refusal IS NOT NULL", name="was_taken_or_refused"),
)

merchant_refund = Table(
    "merchant_refund",
    METADATA,
    Column("refund_id", Uuid, primary_key=True),
    Column("asker", Text),
    Column("subject", Text, nullable=False),
    Column("command_id", Uuid, nullable=False),
    Column("refusal", Text),
)

payment_limit = Table(
    "payment_limit",
    METADATA,
    Column("user_id", Uuid, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("per_payment_minor", BigInteger),
    Column("per_day_minor", BigInteger),
    Column("set_by", Uuid, nullable=False),
    Column("set_at", _AT, nullable=False),
    CheckConstraint("least(per_payment_minor, per_day_minor) >= 1", name="limits_are_positive"),
)

# What a person has paid on a day; there is a row only where their days are limited.
payment_day = Table(
    "payment_day",
    METADATA,
    Column("user_id", Uuid, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("spent_minor", BigInteger, nullable=False),
    CheckConstraint("spent_minor >= 0", name="spent_is_not_negative"),
)

key_day = Table(
    "key_day",
    METADATA,
    Column("key_id", Uuid, primary_key=True, comment="an API key of auth's"),
    Column("day", Date, primary_key=True),
    Column("spent_minor", BigInteger, nullable=False, comment="in the key's currency"),
    CheckConstraint("spent_minor > 0", name="spent_is_some"),
)

refund = Table(
    "refund",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("payment_id", Uuid, ForeignKey("payment.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("origin", Text, nullable=False, server_default="request"),
    Column("reason", Text),
    Column("failure_reason", Text),
    Column("transfer_id", Uuid),
    Column("requested_by", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("completed_at", _AT),
    Column("failed_at", _AT),
    Column("claim_id", Uuid),  # the card refund made at the provider that this one books
    Column("borne_minor", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("borne_minor BETWEEN 0 AND amount_minor", name="borne_is_of_the_amount"),
    CheckConstraint("status IN ('processing', 'completed', 'failed')", name="status_is_known"),
    CheckConstraint("amount_minor >= 1", name="amount_is_above_zero"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    CheckConstraint("origin IN ('request', 'provider')", name="origin_is_known"),
    # A refund that was completed can still fail: the card may send the money back.
    CheckConstraint(
        "status <> 'completed' OR completed_at IS NOT NULL", name="completed_has_its_time"
    ),
    CheckConstraint(
        "(completed_at IS NOT NULL) = (transfer_id IS NOT NULL)", name="completed_has_its_transfer"
    ),
    CheckConstraint("(status = 'failed') = (failed_at IS NOT NULL)", name="failed_has_its_time"),
    CheckConstraint(
        "(status = 'failed') = (failure_reason IS NOT NULL)", name="failed_has_its_reason"
    ),
    Index("ix_refund_payment_id_created_at_id", "payment_id", "created_at", "id"),
    Index("ix_refund_created_at_id", "created_at", "id"),
    Index(
        "ix_refund_transfer_id",
        "transfer_id",
        postgresql_where=text("transfer_id IS NOT NULL"),
    ),
)
