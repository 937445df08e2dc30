"""Defines the table of keys that sign access tokens."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from auth.tables.users import METADATA

signing_key = Table(
    "signing_key",
    METADATA,
    Column("kid", Text, primary_key=True, comment="RFC 7638 thumbprint"),
    Column("status", Text, nullable=False),
    Column("public_jwk", JSONB, nullable=False),
    Column("private_key", LargeBinary, nullable=False, comment="PKCS#8, encrypted (auth.vault)"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("activated_at", DateTime(timezone=True)),
    Column("retired_at", DateTime(timezone=True)),
    CheckConstraint("status IN ('next', 'active', 'retired')", name="status"),
    CheckConstraint("NOT public_jwk ? 'd'", name="public_jwk_is_public"),
    CheckConstraint("(status = 'retired') = (retired_at IS NOT NULL)", name="retired_since"),
    Index(
        "uq_signing_key_status",
        "status",
        unique=True,
        postgresql_where=text("status <> 'retired'"),
    ),
)
