"""Creates webhook endpoints, messages, deliveries and attempts.

It also creates kit's table of answers by Idempotency-Key.
"""

from alembic import op

from kit.db import ddl

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ENDPOINT = """
CREATE TABLE webhook_endpoint (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    url text NOT NULL,
    description text,
    event_types text[],
    is_active boolean NOT NULL,
    off_reason text,
    off_at timestamptz,
    secret bytea NOT NULL,
    old_secret bytea,
    old_secret_until timestamptz,
    failures integer NOT NULL,
    resume_at timestamptz,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    CONSTRAINT pk_webhook_endpoint PRIMARY KEY (id),
    CONSTRAINT ck_webhook_endpoint_off_reason_is_known CHECK (
        off_reason IN ('owner', 'gone', 'failing')),
    CONSTRAINT ck_webhook_endpoint_off_has_its_reason CHECK (is_active = (off_reason IS NULL)),
    CONSTRAINT ck_webhook_endpoint_off_has_its_time CHECK (is_active = (off_at IS NULL)),
    CONSTRAINT ck_webhook_endpoint_deleted_is_off CHECK (deleted_at IS NULL OR NOT is_active),
    CONSTRAINT ck_webhook_endpoint_old_secret_has_its_end CHECK (
        (old_secret IS NULL) = (old_secret_until IS NULL)),
    CONSTRAINT ck_webhook_endpoint_failures_are_counted CHECK (failures >= 0)
)
"""
MESSAGE = """
CREATE TABLE webhook_message (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    type text NOT NULL,
    sequence bigint,
    body bytea NOT NULL,
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_webhook_message PRIMARY KEY (id)
)
"""
# Every delivery changes twice soon after its insert, so the table is vacuumed often.
DELIVERY = """
CREATE TABLE webhook_delivery (
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    status text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    leased_until timestamptz,
    delivered_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_webhook_delivery PRIMARY KEY (id),
    CONSTRAINT uq_webhook_delivery_message_id_endpoint_id UNIQUE (message_id, endpoint_id),
    CONSTRAINT fk_webhook_delivery_endpoint_id FOREIGN KEY (endpoint_id)
        REFERENCES webhook_endpoint (id),
    CONSTRAINT fk_webhook_delivery_message_id FOREIGN KEY (message_id)
        REFERENCES webhook_message (id) ON DELETE CASCADE,
    CONSTRAINT ck_webhook_delivery_status_is_known CHECK (
        status IN ('pending', 'delivered', 'failed', 'skipped')),
    CONSTRAINT ck_webhook_delivery_pending_has_a_time CHECK (
        (status = 'pending') = (next_at IS NOT NULL)),
    CONSTRAINT ck_webhook_delivery_delivered_has_its_time CHECK (
        (status = 'delivered') = (delivered_at IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02)
"""
ATTEMPT = """
CREATE TABLE webhook_attempt (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    status_code integer,
    milliseconds integer NOT NULL,
    answer text,
    error text,
    CONSTRAINT pk_webhook_attempt PRIMARY KEY (delivery_id, number),
    CONSTRAINT fk_webhook_attempt_delivery_id FOREIGN KEY (delivery_id)
        REFERENCES webhook_delivery (id) ON DELETE CASCADE,
    CONSTRAINT ck_webhook_attempt_answered_or_went_wrong CHECK (
        (status_code IS NULL) = (error IS NOT NULL))
)
"""
INDEXES = (
    """CREATE INDEX ix_webhook_endpoint_user_id_created_at_id
    ON webhook_endpoint (user_id, created_at, id)""",
    "CREATE INDEX ix_webhook_message_created_at ON webhook_message (created_at)",
    """CREATE INDEX ix_webhook_delivery_endpoint_id_created_at_id
    ON webhook_delivery (endpoint_id, created_at, id)""",
    """CREATE INDEX ix_webhook_delivery_pending ON webhook_delivery (endpoint_id, next_at, id)
    WHERE status = 'pending'""",
    """CREATE INDEX ix_webhook_delivery_not_delivered
    ON webhook_delivery (endpoint_id, status, created_at, id)
    WHERE status IN ('failed', 'skipped')""",
)


def upgrade() -> None:
    for table in (ENDPOINT, MESSAGE, DELIVERY, ATTEMPT):
        op.execute(table)
    for index in INDEXES:
        op.execute(index)
    ddl.create_idempotency(op)


def downgrade() -> None:
    ddl.drop_idempotency(op)
    op.execute("DROP TABLE webhook_attempt, webhook_delivery, webhook_message, webhook_endpoint")
