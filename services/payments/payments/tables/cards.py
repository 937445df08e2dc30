"""Defines the tables of cards: charges, refunds, disputes, and providers' events."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.metadata import metadata

METADATA = metadata()
_AT = DateTime(timezone=True)

charge = Table(
    "charge",
    METADATA,
    Column("id", Uuid, primary_key=True),  # also the provider's idempotency key
    Column("payment_id", Uuid, unique=True),
    Column("owner_id", Uuid, nullable=False),
    Column("account_id", Uuid),
    Column("provider", Text, nullable=False),
    Column("reference", Text),
    Column("settlement", Text),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("is_called_off", Boolean, nullable=False, server_default=text("false")),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", _AT),
    Column("lease_until", _AT),
    Column("last_error", Text),
    Column("return_url", Text, nullable=False),
    Column("action_url", Text),
    Column("expires_at", _AT, nullable=False),
    Column("topped_up_at", _AT),
    Column("receipt", JSONB),
    Column("return_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("return_status", Text),
    Column("refunds_due_at", _AT),  # when the provider is asked which refunds there are
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    CheckConstraint(
        "status IN ('wanted', 'pending', 'succeeded', 'failed', 'cancelled')",
        name="status_is_known",
    ),
    CheckConstraint(
        "status <> 'pending' OR reference IS NOT NULL", name="pending_is_known_outside"
    ),
    CheckConstraint(
        "(payment_id IS NULL) <> (account_id IS NULL)", name="pays_a_payment_or_a_wallet"
    ),
    CheckConstraint("amount_minor BETWEEN 1 AND 1000000000000000", name="amount_is_in_range"),
    CheckConstraint(
        "return_status IN ('pending', 'returned', 'refused')", name="return_status_is_known"
    ),
    CheckConstraint("(return_status IS NOT NULL) = (return_minor >= 1)", name="return_has_its_sum"),
    # Nothing can wait for ever without being asked about.
    CheckConstraint(
        "next_at IS NOT NULL OR status NOT IN ('wanted', 'pending')",
        name="what_is_open_is_asked_about",
    ),
    Index("uq_charge_reference", "provider", "reference", unique=True),
    Index("ix_charge_settlement", "provider", "settlement"),
    Index(
        "ix_charge_owner_id_while_open",
        "owner_id",
        postgresql_where=text("status IN ('wanted', 'pending')"),
    ),
    Index("ix_charge_created_at_id", "created_at", "id"),
    Index("ix_charge_owner_id_created_at_id", "owner_id", "created_at", "id"),
    Index(
        "ix_charge_return_status_created_at_id",
        "return_status",
        "created_at",
        "id",
        postgresql_where=text("return_status IS NOT NULL"),
    ),
    Index("ix_charge_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index(
        "ix_charge_refunds_due_at",
        "refunds_due_at",
        postgresql_where=text("refunds_due_at IS NOT NULL"),
    ),
)

card_refund = Table(
    "card_refund",
    METADATA,
    Column("id", Uuid, primary_key=True),  # also the provider's idempotency key
    Column("charge_id", Uuid, ForeignKey("charge.id"), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("origin", Text, nullable=False, server_default="refund"),
    Column("reference", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", _AT),
    Column("lease_until", _AT),
    Column("last_error", Text),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    CheckConstraint(
        "status IN ('wanted', 'pending', 'done', 'refused', 'dropped')", name="status_is_known"
    ),
    CheckConstraint("origin IN ('refund', 'return', 'provider')", name="origin_is_known"),
    CheckConstraint("amount_minor >= 1", name="amount_is_above_zero"),
    CheckConstraint(
        "status <> 'pending' OR reference IS NOT NULL", name="pending_is_known_outside"
    ),
    CheckConstraint(
        "(next_at IS NOT NULL) = (status IN ('wanted', 'pending') AND origin <> 'provider')",
        name="what_is_open_is_asked_about",
    ),
    Index("ix_card_refund_charge_id", "charge_id"),
    Index("ix_card_refund_reference", "reference"),
    Index(
        "ix_card_refund_charge_id_while_open",
        "charge_id",
        postgresql_where=text("status IN ('wanted', 'pending')"),
    ),
    Index("ix_card_refund_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)

dispute = Table(
    "dispute",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("charge_id", Uuid, ForeignKey("charge.id"), nullable=False),
    Column("reference", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("is_warning", Boolean, nullable=False),
    Column("opened_at", _AT, nullable=False),
    Column("withdrawn_at", _AT),
    Column("reinstated_at", _AT),
    Column("closed_at", _AT),
    Column("outcome", Text),
    Column("reason", Text),
    Column("told_at", _AT),
    Column("end_told_at", _AT),
    CheckConstraint("amount_minor >= 1", name="amount_is_above_zero"),
    CheckConstraint("outcome IN ('won', 'lost')", name="outcome_is_known"),
    UniqueConstraint("charge_id", "reference"),
    Index(
        "ix_dispute_charge_id_while_open",
        "charge_id",
        postgresql_where=text("closed_at IS NULL"),
    ),
)

# Transfers asked of wallet for what a provider took. Above zero they go to the provider's clearing
# account, below zero they come back from there.
movement = Table(
    "movement",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("charge_id", Uuid, ForeignKey("charge.id"), nullable=False),
    Column("claim_id", Uuid, nullable=False),  # the dispute's, or the card refund's
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("transfer_id", Uuid),  # of the latest request to wallet
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("refused_code", Text),
    Column("owed_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("asked_at", _AT, nullable=False),
    Column("posted_at", _AT),
    Column("next_at", _AT),
    CheckConstraint("source IN ('payee', 'house')", name="source_is_known"),
    CheckConstraint("amount_minor <> 0", name="amount_is_something"),
    CheckConstraint(
        "(posted_at IS NULL) = (next_at IS NOT NULL)", name="what_is_open_is_asked_about"
    ),
    Index("ix_movement_charge_id", "charge_id"),
    Index("ix_movement_claim_id", "claim_id"),
    Index("ix_movement_transfer_id", "transfer_id"),
    Index("ix_movement_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)

# Up to when each provider's log of refunds and disputes was read, besides its webhooks.
provider_reading = Table(
    "provider_reading",
    METADATA,
    Column("provider", Text, primary_key=True),
    Column("read_to", _AT, nullable=False),
    Column("next_at", _AT, nullable=False),
)

# Why providers refused or failed calls, or charges failed; the newest faults of each charge.
provider_fault = Table(
    "provider_fault",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("charge_id", Uuid, ForeignKey("charge.id"), nullable=False),
    Column("at", _AT, nullable=False),
    Column("asked", Text, nullable=False),
    Column("told", JSONB, nullable=False),
    Index("ix_provider_fault_charge_id_id", "charge_id", "id"),
)

provider_event = Table(
    "provider_event",
    METADATA,
    Column("provider", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True, server_default=""),  # of its content
    Column("kind", Text, nullable=False),
    Column("charge_id", Uuid),  # our id, if the provider repeats it
    Column("reference", Text),
    Column("news", JSONB),
    Column("dispute", JSONB),
    Column("refund", JSONB),
    Column("has_refunds", Boolean, nullable=False, server_default=text("false")),
    Column("received_at", _AT, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", _AT),  # null once it was applied
    Column("given_up_at", _AT),  # its charge was unknown for days
    # Holds the few events that could not be applied at once.
    Index("ix_provider_event_attempts", "provider", postgresql_where=text("attempts > 0")),
    Index("ix_provider_event_received_at", "received_at"),
    Index("ix_provider_event_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)
