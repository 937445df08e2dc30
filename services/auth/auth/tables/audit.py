"""Defines the tables of the audit log."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from auth.tables.users import METADATA

audit = Table(
    "audit",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor_id", Uuid, comment="NULL where nobody is known"),
    Column("service", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, comment="NULL for a list"),
    Column("owner_id", Uuid, comment="NULL where it is nobody's, or everybody's"),
    Column("request_id", Text),
    Column(
        "owner_ids",
        ARRAY(Uuid),
        nullable=False,
        server_default="{}",
        comment="all whose it is; empty also in rows of before, which name one at most",
    ),
    Column("details", JSONB, nullable=False, server_default="{}"),
    Column("position", BigInteger, nullable=False, unique=True),
    Column(
        "origin_hash", LargeBinary, nullable=False, comment="SHA-256 of salt, address and client"
    ),
    Index("ix_audit_at", text("at DESC"), text("id DESC")),
    Index("ix_audit_actor_id", "actor_id", text("at DESC"), text("id DESC")),
    Index("ix_audit_subject_id", "subject_id", text("at DESC"), text("id DESC")),
    Index("ix_audit_owner_id", "owner_id", text("at DESC"), text("id DESC")),
    Index("ix_audit_owner_ids", "owner_ids", postgresql_using="gin"),
    Index("ix_audit_action", "action", text("at DESC"), text("id DESC")),
)

# Where the requests of the audit log came from; deleted with the user whom it would tell about.
audit_origin = Table(
    "audit_origin",
    METADATA,
    Column("audit_id", Uuid, ForeignKey("audit.id"), primary_key=True),
    Column("address", Text, nullable=False),
    Column("user_agent", Text),
    Column("salt", LargeBinary, nullable=False),
    CheckConstraint("octet_length(salt) = 32", name="salt_length"),
    Index("ix_audit_origin_address", "address"),
)

# The hash of each row of the audit log and of all before it.
audit_seal = Table(
    "audit_seal",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("octet_length(hash) = 32", name="hash_length"),
)
