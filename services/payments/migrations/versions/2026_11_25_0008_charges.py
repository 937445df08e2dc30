"""Charges of cards at providers, refunds to cards, and providers' events."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CHARGE = """
CREATE TABLE charge (
    id uuid NOT NULL,
    payment_id uuid,
    owner_id uuid NOT NULL,
    account_id uuid,
    provider text NOT NULL,
    reference text,
    settlement text,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    is_called_off boolean NOT NULL DEFAULT false,
    reason text,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    lease_until timestamptz,
    last_error text,
    return_url text NOT NULL,
    action_url text,
    expires_at timestamptz NOT NULL,
    disputed_at timestamptz,
    disputed_minor bigint,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_charge PRIMARY KEY (id),
    CONSTRAINT uq_charge_payment_id UNIQUE (payment_id),
    CONSTRAINT ck_charge_status_is_known CHECK (
        status IN ('wanted', 'pending', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT ck_charge_only_what_came_is_disputed CHECK (
        disputed_at IS NULL OR status = 'succeeded'),
    CONSTRAINT ck_charge_disputed_has_its_sum CHECK (
        CASE WHEN disputed_at IS NULL THEN disputed_minor IS NULL
             ELSE disputed_minor BETWEEN 1 AND amount_minor END),
    CONSTRAINT ck_charge_pending_is_known_outside CHECK (
        status <> 'pending' OR reference IS NOT NULL),
    CONSTRAINT ck_charge_pays_a_payment_or_a_wallet CHECK (
        (payment_id IS NULL) <> (account_id IS NULL)),
    CONSTRAINT ck_charge_amount_is_in_range CHECK (
        amount_minor BETWEEN 1 AND 1000000000000000),
    CONSTRAINT ck_charge_what_is_open_is_asked_about CHECK (
        next_at IS NOT NULL OR status NOT IN ('wanted', 'pending'))
) WITH (fillfactor = 70)
"""

REFUND = """
CREATE TABLE card_refund (
    id uuid NOT NULL,
    charge_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    status text NOT NULL,
    reference text,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    lease_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_card_refund PRIMARY KEY (id),
    CONSTRAINT fk_card_refund_charge_id_charge FOREIGN KEY (charge_id) REFERENCES charge (id),
    CONSTRAINT ck_card_refund_status_is_known CHECK (
        status IN ('wanted', 'pending', 'done', 'refused')),
    CONSTRAINT ck_card_refund_amount_is_above_zero CHECK (amount_minor >= 1),
    CONSTRAINT ck_card_refund_pending_is_known_outside CHECK (
        status <> 'pending' OR reference IS NOT NULL),
    CONSTRAINT ck_card_refund_what_is_open_is_asked_about CHECK (
        (next_at IS NOT NULL) = (status IN ('wanted', 'pending')))
)
"""

EVENT = """
CREATE TABLE provider_event (
    provider text NOT NULL,
    event_id text NOT NULL,
    kind text NOT NULL,
    charge_id uuid,
    reference text,
    news jsonb,
    is_dispute boolean NOT NULL,
    received_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    CONSTRAINT pk_provider_event PRIMARY KEY (provider, event_id),
    CONSTRAINT ck_provider_event_tells_one_thing CHECK (is_dispute <> (news IS NOT NULL))
)
"""


def upgrade() -> None:
    op.execute(CHARGE)
    op.execute("CREATE UNIQUE INDEX uq_charge_reference ON charge (provider, reference)")
    op.execute("CREATE INDEX ix_charge_settlement ON charge (provider, settlement)")
    op.execute("CREATE INDEX ix_charge_next_at ON charge (next_at) WHERE next_at IS NOT NULL")
    op.execute(REFUND)
    op.execute("CREATE INDEX ix_card_refund_charge_id ON card_refund (charge_id)")
    op.execute(
        "CREATE INDEX ix_card_refund_next_at ON card_refund (next_at) WHERE next_at IS NOT NULL"
    )
    op.execute(EVENT)
    op.execute(
        "CREATE INDEX ix_provider_event_next_at ON provider_event (next_at)"
        " WHERE next_at IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP TABLE provider_event")
    op.execute("DROP TABLE card_refund")
    op.execute("DROP TABLE charge")
