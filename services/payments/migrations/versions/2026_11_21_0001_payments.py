"""Payments, and what is known of people and wallets."""

from alembic import op

from kit.db import ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PAYMENT = """
CREATE TABLE payment (
    id uuid NOT NULL,
    status text NOT NULL,
    payer_id uuid NOT NULL,
    payee_id uuid NOT NULL,
    payer_account_id uuid,
    payee_account_id uuid,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    card_last4 text,
    card_holder text,
    description text,
    metadata jsonb,
    reason text,
    transfer_id uuid,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    processing_at timestamptz,
    cancel_requested_at timestamptz,
    paid_at timestamptz,
    failed_at timestamptz,
    cancelled_at timestamptz,
    CONSTRAINT pk_payment PRIMARY KEY (id),
    CONSTRAINT ck_payment_status_is_known CHECK (
        status IN ('created', 'processing', 'paid', 'failed', 'cancelled', 'refunded')),
    CONSTRAINT ck_payment_payer_is_not_payee CHECK (payer_id <> payee_id),
    CONSTRAINT ck_payment_amount_is_in_range CHECK (amount_minor BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_payment_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_payment_card_last4_is_four_digits CHECK (card_last4 ~ '^[0-9]{4}$'),
    CONSTRAINT ck_payment_version_counts_from_one CHECK (version >= 1),
    CONSTRAINT ck_payment_paid_has_its_time CHECK (
        (status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)),
    CONSTRAINT ck_payment_paid_has_its_transfer CHECK (
        (paid_at IS NOT NULL) = (transfer_id IS NOT NULL)),
    CONSTRAINT ck_payment_failed_has_its_time CHECK (
        (status = 'failed') = (failed_at IS NOT NULL)),
    CONSTRAINT ck_payment_cancelled_has_its_time CHECK (
        (status = 'cancelled') = (cancelled_at IS NOT NULL)),
    CONSTRAINT ck_payment_failed_and_cancelled_have_a_reason CHECK (
        (status IN ('failed', 'cancelled')) = (reason IS NOT NULL))
)
"""
# Both lists are read newest first by (created_at, id); a B-tree is read backwards as fast.
INDEXES = (
    "CREATE INDEX ix_payment_payer_id_created_at_id ON payment (payer_id, created_at, id)",
    "CREATE INDEX ix_payment_payee_id_created_at_id ON payment (payee_id, created_at, id)",
    """CREATE INDEX ix_payment_expires_at_while_created ON payment (expires_at)
    WHERE status = 'created'""",
)
PARTY = """
CREATE TABLE party (
    user_id uuid NOT NULL,
    username text,
    username_key text,
    status text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT pk_party PRIMARY KEY (user_id)
)
"""
WALLET_OWNER = """
CREATE TABLE wallet_owner (
    account_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    currency text NOT NULL,
    CONSTRAINT pk_wallet_owner PRIMARY KEY (account_id)
)
"""


def upgrade() -> None:
    op.execute(PAYMENT)
    for index in INDEXES:
        op.execute(index)
    op.execute(PARTY)
    # Not unique: events of two users may cross, and then nobody is paid by that name.
    op.execute("CREATE INDEX ix_party_username_key ON party (username_key)")
    op.execute(WALLET_OWNER)
    ddl.create_messaging(op)
    ddl.create_saga(op)
    ddl.create_idempotency(op)


def downgrade() -> None:
    ddl.drop_idempotency(op)
    ddl.drop_saga(op)
    ddl.drop_messaging(op)
    op.execute("DROP TABLE wallet_owner, party, payment")
