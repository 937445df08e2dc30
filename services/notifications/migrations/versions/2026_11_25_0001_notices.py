"""Creates notices and people, and kit's messaging tables."""

from alembic import op

from kit.db import ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PERSON = """
CREATE TABLE person (
    user_id uuid NOT NULL,
    username text,
    status text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (user_id),
    CONSTRAINT ck_person_deleted_is_forgotten CHECK (username IS NULL OR status <> 'deleted')
)
"""
NOTICE = """
CREATE TABLE notice (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    other_id uuid,
    facts jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    CONSTRAINT pk_notice PRIMARY KEY (id),
    CONSTRAINT ck_notice_facts_have_names CHECK (jsonb_typeof(facts) = 'object'),
    CONSTRAINT ck_notice_read_after_it_came CHECK (read_at >= created_at)
)
"""
# The list is read newest first by (created_at, id); reading a B-tree backwards is as fast.
INDEXES = (
    "CREATE INDEX ix_notice_user_id_created_at_id ON notice (user_id, created_at, id)",
    "CREATE INDEX ix_notice_unread ON notice (user_id, created_at, id) WHERE read_at IS NULL",
)


def upgrade() -> None:
    op.execute(PERSON)
    op.execute(NOTICE)
    for index in INDEXES:
        op.execute(index)
    ddl.create_messaging(op)


def downgrade() -> None:
    ddl.drop_messaging(op)
    op.execute("DROP TABLE notice, person")
