"""Creates the jobs of files: exports and imports."""

from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

FILE_JOB = """
CREATE TABLE file_job (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    task text NOT NULL,
    format text NOT NULL,
    status text NOT NULL,
    options jsonb NOT NULL,
    account_id uuid,
    version integer NOT NULL,
    attempts integer NOT NULL,
    next_at timestamptz,
    rows bigint NOT NULL,
    total bigint,
    result jsonb NOT NULL,
    failure text,
    object_key text,
    size bigint,
    sha256 text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    expires_at timestamptz,
    CONSTRAINT pk_file_job PRIMARY KEY (id),
    CONSTRAINT ck_file_job_task_is_known CHECK (task IN ('export', 'check', 'book')),
    CONSTRAINT ck_file_job_an_import_has_an_account
        CHECK ((task = 'export') = (account_id IS NULL)),
    CONSTRAINT ck_file_job_status_is_known
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'expired', 'deleted')),
    CONSTRAINT ck_file_job_a_failure_has_a_reason
        CHECK ((status = 'failed') = (failure IS NOT NULL)),
    CONSTRAINT ck_file_job_a_lease_ends CHECK (status <> 'running' OR next_at IS NOT NULL),
    CONSTRAINT ck_file_job_version_counts_from_one CHECK (version >= 1),
    CONSTRAINT ck_file_job_attempts_are_counted CHECK (attempts >= 0)
)
"""
INDEXES = (
    "CREATE INDEX ix_file_job_user_id_created_at_id ON file_job (user_id, created_at, id)",
    """
CREATE INDEX ix_file_job_next_at ON file_job (next_at)
    WHERE status IN ('queued', 'running')
    """,
    """
CREATE INDEX ix_file_job_expires_at ON file_job (expires_at)
    WHERE status NOT IN ('queued', 'running', 'expired')
    """,
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(FILE_JOB)
    for statement in INDEXES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("DROP TABLE file_job")
