"""Tables of notifications. People are a read model: told by events, so no foreign key holds them.

Kit's own tables stand there.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Table, Text, Uuid, text
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
