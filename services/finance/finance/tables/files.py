"""Defines the table of file jobs: exports and imports."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from finance.tables.books import METADATA

_AT = DateTime(timezone=True)

file_job = Table(
    "file_job",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("task", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("account_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", _AT),
    Column("rows", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("result", JSONB, nullable=False),
    Column("failure", Text),
    Column("object_key", Text),
    Column("size", BigInteger),
    Column("sha256", Text),
    Column("created_at", _AT, nullable=False),
    Column("updated_at", _AT, nullable=False),
    Column("ended_at", _AT),
    Column("expires_at", _AT),
    CheckConstraint("task IN ('export', 'check', 'book')", name="task_is_known"),
    CheckConstraint("(task = 'export') = (account_id IS NULL)", name="an_import_has_an_account"),
    CheckConstraint(
        "status IN ('queued', 'running', 'done', 'failed', 'expired', 'deleted')",
        name="status_is_known",
    ),
    CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="a_failure_has_a_reason"),
    CheckConstraint("status <> 'running' OR next_at IS NOT NULL", name="a_lease_ends"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    CheckConstraint("attempts >= 0", name="attempts_are_counted"),
    Index("ix_file_job_user_id_created_at_id", "user_id", "created_at", "id"),
    Index(
        "ix_file_job_next_at",
        "next_at",
        postgresql_where=text("status IN ('queued', 'running')"),
    ),
    Index(
        "ix_file_job_expires_at",
        "expires_at",
        postgresql_where=text("status NOT IN ('queued', 'running', 'expired')"),
    ),
)
