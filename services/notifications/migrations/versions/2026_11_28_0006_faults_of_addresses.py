"""Mutes addresses for a while, by repeated faults; earlier mutes end.

It also adds indexes for the lists of deliveries and of one person's webhooks.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ADDRESS_FAULT = """
CREATE TABLE address_fault (
    address_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    status text NOT NULL,
    count integer NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    muted_until timestamptz,
    CONSTRAINT pk_address_fault PRIMARY KEY (address_hash),
    CONSTRAINT ck_address_fault_hash_length CHECK (octet_length(address_hash) = 32),
    CONSTRAINT ck_address_fault_faults_are_counted CHECK (count >= 1),
    CONSTRAINT ck_address_fault_last_is_not_before_first CHECK (last_at >= first_at)
)
"""
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
    # The old table muted for ever, by any 5xx; its rows are not taken over.
    op.execute("DROP TABLE muted_address")
    op.execute(ADDRESS_FAULT)
    op.execute("CREATE INDEX ix_address_fault_user_id ON address_fault (user_id)")
    op.execute("CREATE INDEX ix_mail_user_id_created_at ON mail (user_id, created_at)")
    op.execute("DROP INDEX ix_mail_user_id")
    op.execute(
        "CREATE INDEX ix_webhook_message_user_id_created_at_id"
        " ON webhook_message (user_id, created_at, id)"
    )
    op.execute(
        "CREATE INDEX ix_webhook_delivery_created_at_id ON webhook_delivery (created_at, id)"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_webhook_delivery_created_at_id")
    op.execute("DROP INDEX ix_webhook_message_user_id_created_at_id")
    op.execute("DROP TABLE address_fault")
    op.execute(MUTED_ADDRESS)
    op.execute("CREATE INDEX ix_muted_address_user_id ON muted_address (user_id)")
    op.execute("CREATE INDEX ix_mail_user_id ON mail (user_id)")
    op.execute("DROP INDEX ix_mail_user_id_created_at")
