"""Defines notifications' tables. No queries here.

`person` is a projection of auth's users, so no foreign key refers to it. Kit's own tables are in
kit.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
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

person = Table(
    "person",
    METADATA,
    Column("user_id", Uuid, primary_key=True),
    Column("username", Text),
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("has_email", Boolean),
    CheckConstraint("username IS NULL OR status <> 'deleted'", name="deleted_is_forgotten"),
)

notice = Table(
    "notice",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("other_id", Uuid),
    Column("facts", JSONB, nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("read_at", _AT),
    CheckConstraint("jsonb_typeof(facts) = 'object'", name="facts_have_names"),
    CheckConstraint("read_at >= created_at", name="read_after_it_came"),
    # Also along it what is unread: of one person 10,000 are kept.
    Index("ix_notice_user_id_created_at_id", "user_id", "created_at", "id"),
)

mail = Table(
    "mail",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("dedupe_key", Text, nullable=False),
    Column("other_id", Uuid),
    Column("language", Text),
    Column("facts", JSONB, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'waiting'")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", _AT),  # when it is due, or its lease ends
    Column("last_error", Text),
    Column("created_at", _AT, nullable=False),
    Column("finished_at", _AT),
    UniqueConstraint("dedupe_key"),
    CheckConstraint(
        "status IN ('waiting', 'sent', 'no_address', 'muted', 'refused', 'given_up')",
        name="status_is_known",
    ),
    CheckConstraint("language IN ('en', 'ru')", name="language_is_known"),
    CheckConstraint("(status = 'waiting') = (next_at IS NOT NULL)", name="waiting_has_a_time"),
    CheckConstraint("(status <> 'waiting') = (finished_at IS NOT NULL)", name="ended_has_a_time"),
    # The facts have the mail's link, which must not be kept longer than the mail needs it.
    CheckConstraint("status = 'waiting' OR facts = '{}'", name="ended_says_nothing"),
    CheckConstraint("attempts >= 0", name="attempts_count_up"),
    Index("ix_mail_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_mail_user_id_created_at", "user_id", "created_at"),
    Index("ix_mail_finished_at", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
)

address_fault = Table(
    "address_fault",
    METADATA,
    Column("address_hash", LargeBinary, primary_key=True),  # SHA-256 of NFKC casefold
    Column("user_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),  # RFC 3463, as 5.1.1
    Column("count", Integer, nullable=False),
    Column("first_at", _AT, nullable=False),
    Column("last_at", _AT, nullable=False),
    Column("muted_until", _AT),
    CheckConstraint("octet_length(address_hash) = 32", name="hash_length"),
    CheckConstraint("count >= 1", name="faults_are_counted"),
    CheckConstraint("last_at >= first_at", name="last_is_not_before_first"),
    Index("ix_address_fault_user_id", "user_id"),
)

webhook_endpoint = Table(
    "webhook_endpoint",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("url", Text, nullable=False),
    Column("description", Text),
    Column("event_types", ARRAY(Text)),
    Column("is_active", Boolean, nullable=False),
    Column("off_reason", Text),
    Column("off_at", _AT),
    Column("secret", LargeBinary, nullable=False),  # encrypted: webhooks/vault.py
    Column("old_secret", LargeBinary),
    Column("old_secret_until", _AT),
    Column("failures", Integer, nullable=False),
    Column("resume_at", _AT),
    Column("created_at", _AT, nullable=False),
    Column("deleted_at", _AT),
    CheckConstraint("off_reason IN ('owner', 'gone', 'failing')", name="off_reason_is_known"),
    CheckConstraint("is_active = (off_reason IS NULL)", name="off_has_its_reason"),
    CheckConstraint("is_active = (off_at IS NULL)", name="off_has_its_time"),
    CheckConstraint("deleted_at IS NULL OR NOT is_active", name="deleted_is_off"),
    CheckConstraint(
        "(old_secret IS NULL) = (old_secret_until IS NULL)", name="old_secret_has_its_end"
    ),
    CheckConstraint("failures >= 0", name="failures_are_counted"),
    Index("ix_webhook_endpoint_user_id_created_at_id", "user_id", "created_at", "id"),
)

webhook_message = Table(
    "webhook_message",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("sequence", BigInteger),
    Column("payment_id", Uuid),
    Column("body", LargeBinary, nullable=False),
    Column("occurred_at", _AT, nullable=False),
    Column("created_at", _AT, nullable=False),
    Index("ix_webhook_message_created_at", "created_at"),
    Index("ix_webhook_message_user_id_created_at_id", "user_id", "created_at", "id"),
    Index(
        "ix_webhook_message_payment_id",
        "payment_id",
        postgresql_where=text("payment_id IS NOT NULL"),
    ),
)

webhook_delivery = Table(
    "webhook_delivery",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("endpoint_id", ForeignKey("webhook_endpoint.id"), nullable=False),
    Column("message_id", ForeignKey("webhook_message.id", ondelete="CASCADE"), nullable=False),
    Column("status", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),  # since it was replayed
    Column("attempts", Integer, nullable=False, server_default=text("0")),  # all in the log
    Column("next_at", _AT),
    Column("leased_until", _AT),
    Column("delivered_at", _AT),
    Column("created_at", _AT, nullable=False),
    CheckConstraint(
        "status IN ('pending', 'delivered', 'failed', 'skipped')", name="status_is_known"
    ),
    CheckConstraint("(status = 'pending') = (next_at IS NOT NULL)", name="pending_has_a_time"),
    CheckConstraint(
        "(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_has_its_time"
    ),
    UniqueConstraint("message_id", "endpoint_id"),
    Index("ix_webhook_delivery_endpoint_id_created_at_id", "endpoint_id", "created_at", "id"),
    Index("ix_webhook_delivery_created_at_id", "created_at", "id"),
    # The dispatcher reads this index; a delivery leaves it when it has ended.
    Index(
        "ix_webhook_delivery_pending",
        "endpoint_id",
        "next_at",
        "id",
        postgresql_where=text("status = 'pending'"),
    ),
    # Only the few deliveries that did not succeed.
    Index(
        "ix_webhook_delivery_not_delivered",
        "endpoint_id",
        "status",
        "created_at",
        "id",
        postgresql_where=text("status IN ('failed', 'skipped')"),
    ),
)

webhook_attempt = Table(
    "webhook_attempt",
    METADATA,
    Column("delivery_id", ForeignKey("webhook_delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", _AT, nullable=False),
    Column("status_code", Integer),
    Column("milliseconds", Integer, nullable=False),
    Column("answer", Text),
    Column("error", Text),
    CheckConstraint("(status_code IS NULL) = (error IS NOT NULL)", name="answered_or_went_wrong"),
)
