"""Creates mails and muted addresses."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MAIL = """
CREATE TABLE mail (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    dedupe_key text NOT NULL,
    other_id uuid,
    language text,
    facts jsonb NOT NULL,
    status text DEFAULT 'waiting' NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamptz,
    last_error text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT pk_mail PRIMARY KEY (id),
    CONSTRAINT uq_mail_dedupe_key UNIQUE (dedupe_key),
    CONSTRAINT ck_mail_status_is_known CHECK (
        status IN ('waiting', 'sent', 'no_address', 'muted', 'refused', 'given_up')),
    CONSTRAINT ck_mail_language_is_known CHECK (language IN ('en', 'ru')),
    CONSTRAINT ck_mail_waiting_has_a_time CHECK ((status = 'waiting') = (next_at IS NOT NULL)),
    CONSTRAINT ck_mail_ended_has_a_time CHECK ((status <> 'waiting') = (finished_at IS NOT NULL)),
    CONSTRAINT ck_mail_ended_says_nothing CHECK (status = 'waiting' OR facts = '{}'),
    CONSTRAINT ck_mail_attempts_count_up CHECK (attempts >= 0)
)
"""
INDEXES = (
    "CREATE INDEX ix_mail_due ON mail (next_at) WHERE next_at IS NOT NULL",
    "CREATE INDEX ix_mail_user_id ON mail (user_id)",
    "CREATE INDEX ix_mail_finished_at ON mail (finished_at) WHERE finished_at IS NOT NULL",
)
MUTED_ADDRESS = """
CREATE TABLE muted_address (
    address_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    code integer NOT NULL,
    muted_at timestamptz NOT NULL,
    CONSTRAINT pk_muted_address PRIMARY KEY (address_hash),
    CONSTRAINT ck_muted_address_hash_length CHECK (octet_length(address_hash) = 32),
    CONSTRAINT ck_muted_address_refused_for_ever CHECK (code BETWEEN 500 AND 599)
)
"""


def upgrade() -> None:
    op.execute(MAIL)
    for index in INDEXES:
        op.execute(index)
    op.execute(MUTED_ADDRESS)
    op.execute("CREATE INDEX ix_muted_address_user_id ON muted_address (user_id)")


def downgrade() -> None:
    op.execute("DROP TABLE muted_address, mail")
