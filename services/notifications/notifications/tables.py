"""Tables of notifications. People are a read model: told by events, so no foreign key holds them.

Kit's own tables stand there.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
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
    Index("ix_notice_user_id_created_at_id", "user_id", "created_at", "id"),
    Index(
        "ix_notice_unread",
        "user_id",
        "created_at",
        "id",
        postgresql_where=text("read_at IS NULL"),
    ),
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
    # A link must not outlive its mail.
    CheckConstraint("status = 'waiting' OR facts = '{}'", name="ended_says_nothing"),
    CheckConstraint("attempts >= 0", name="attempts_count_up"),
    Index("ix_mail_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_mail_user_id", "user_id"),
    Index("ix_mail_finished_at", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
)

muted_address = Table(
    "muted_address",
    METADATA,
    Column("address_hash", LargeBinary, primary_key=True),  # SHA-256 of NFKC casefold
    Column("user_id", Uuid, nullable=False),
    Column("code", Integer, nullable=False),
    Column("muted_at", _AT, nullable=False),
    CheckConstraint("octet_length(address_hash) = 32", name="hash_length"),
    CheckConstraint("code BETWEEN 500 AND 599", name="refused_for_ever"),
    Index("ix_muted_address_user_id", "user_id"),
)
