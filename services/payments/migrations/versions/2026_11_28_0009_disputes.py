"""Disputes of charges, refunds made at providers, and movements for both."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DISPUTE = """
CREATE TABLE dispute (
    id uuid NOT NULL,
    charge_id uuid NOT NULL,
    reference text NOT NULL,
    amount_minor bigint NOT NULL,
    is_warning boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    reinstated_at timestamptz,
    closed_at timestamptz,
    outcome text,
    reason text,
    told_at timestamptz,
    end_told_at timestamptz,
    CONSTRAINT pk_dispute PRIMARY KEY (id),
    CONSTRAINT fk_dispute_charge_id_charge FOREIGN KEY (charge_id) REFERENCES charge (id),
    CONSTRAINT uq_dispute_charge_id_reference UNIQUE (charge_id, reference),
    CONSTRAINT ck_dispute_amount_is_above_zero CHECK (amount_minor >= 1),
    CONSTRAINT ck_dispute_outcome_is_known CHECK (outcome IN ('won', 'lost'))
)
"""

MOVEMENT = """
CREATE TABLE movement (
    id uuid NOT NULL,
    charge_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    amount_minor bigint NOT NULL,
    transfer_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    refused_code text,
    owed_minor bigint NOT NULL DEFAULT 0,
    asked_at timestamptz NOT NULL,
    posted_at timestamptz,
    next_at timestamptz,
    CONSTRAINT pk_movement PRIMARY KEY (id),
    CONSTRAINT fk_movement_charge_id_charge FOREIGN KEY (charge_id) REFERENCES charge (id),
    CONSTRAINT ck_movement_source_is_known CHECK (source IN ('payee', 'house')),
    CONSTRAINT ck_movement_amount_is_something CHECK (amount_minor <> 0),
    CONSTRAINT ck_movement_what_is_open_is_asked_about CHECK (
        (posted_at IS NULL) = (next_at IS NOT NULL))
)
"""

# What was disputed before was taken whole from whoever was paid, as far as is known here. Others
# were not told; they will be when the refunds of these charges have been read.
CARRIED_OVER = (
    """
INSERT INTO dispute (id, charge_id, reference, amount_minor, is_warning, opened_at, withdrawn_at)
SELECT gen_random_uuid(), id, 'disputed:' || coalesce(reference, ''), disputed_minor, false,
    disputed_at, disputed_at
FROM charge WHERE disputed_at IS NOT NULL
    """,
    """
INSERT INTO movement (id, charge_id, claim_id, kind, source, amount_minor, asked_at, posted_at)
SELECT charge_id, charge_id, id, 'chargeback', 'payee', amount_minor, opened_at, opened_at
FROM dispute
    """,
    "UPDATE charge SET refunds_due_at = now() WHERE disputed_at IS NOT NULL",
    "UPDATE card_refund SET origin = 'return' WHERE id = charge_id",
    """
UPDATE charge SET topped_up_at = updated_at
WHERE account_id IS NOT NULL AND status = 'succeeded'
  AND NOT EXISTS (SELECT FROM card_refund WHERE charge_id = charge.id AND origin = 'return')
    """,
)

COLUMNS = (
    "ALTER TABLE charge ADD COLUMN topped_up_at timestamptz",
    "ALTER TABLE charge ADD COLUMN refunds_due_at timestamptz",
    "ALTER TABLE card_refund ADD COLUMN origin text NOT NULL DEFAULT 'refund'",
    "ALTER TABLE refund ADD COLUMN origin text NOT NULL DEFAULT 'request'",
    "ALTER TABLE payment ADD COLUMN disputed_at timestamptz",
    "ALTER TABLE payment ADD COLUMN disputed_minor bigint NOT NULL DEFAULT 0",
    "ALTER TABLE payment ADD COLUMN dispute_outcome text",
    "ALTER TABLE payment_event ADD COLUMN disputed_minor bigint NOT NULL DEFAULT 0",
    "ALTER TABLE payment_event ADD COLUMN dispute_outcome text",
    "ALTER TABLE provider_event ADD COLUMN digest text NOT NULL DEFAULT ''",
    "ALTER TABLE provider_event ADD COLUMN dispute jsonb",
    "ALTER TABLE provider_event ADD COLUMN refund jsonb",
    "ALTER TABLE provider_event ADD COLUMN has_refunds boolean NOT NULL DEFAULT false",
    "ALTER TABLE provider_event ADD COLUMN given_up_at timestamptz",
)
INDEXES = (
    "CREATE INDEX ix_movement_charge_id ON movement (charge_id)",
    "CREATE INDEX ix_movement_transfer_id ON movement (transfer_id)",
    "CREATE INDEX ix_movement_next_at ON movement (next_at) WHERE next_at IS NOT NULL",
    """
CREATE INDEX ix_charge_refunds_due_at ON charge (refunds_due_at) WHERE refunds_due_at IS NOT NULL
    """,
    "CREATE INDEX ix_provider_event_received_at ON provider_event (received_at)",
    "CREATE INDEX ix_provider_event_attempts ON provider_event (provider) WHERE attempts > 0",
)
RULES = (
    ("card_refund", "origin_is_known", "origin IN ('refund', 'return', 'provider')"),
    ("refund", "origin_is_known", "origin IN ('request', 'provider')"),
    ("payment", "disputed_has_its_sum", "(disputed_at IS NOT NULL) = (disputed_minor >= 1)"),
    ("payment", "dispute_outcome_is_known", "dispute_outcome IN ('won', 'lost')"),
)
# Changed rules: table, name, before, since.
CHANGED = (
    (
        "card_refund",
        "status_is_known",
        "status IN ('wanted', 'pending', 'done', 'refused')",
        "status IN ('wanted', 'pending', 'done', 'refused', 'dropped')",
    ),
    (
        "card_refund",
        "what_is_open_is_asked_about",
        "(next_at IS NOT NULL) = (status IN ('wanted', 'pending'))",
        "(next_at IS NOT NULL) = (status IN ('wanted', 'pending') AND origin <> 'provider')",
    ),
    # A completed refund can still fail: the card may send the money back.
    (
        "refund",
        "completed_has_its_time",
        "(status = 'completed') = (completed_at IS NOT NULL)",
        "status <> 'completed' OR completed_at IS NOT NULL",
    ),
    (
        "refund",
        "completed_has_its_transfer",
        "(status = 'completed') = (transfer_id IS NOT NULL)",
        "(completed_at IS NOT NULL) = (transfer_id IS NOT NULL)",
    ),
)

ADDED_PAYMENTS = """
CREATE OR REPLACE FUNCTION note_new_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO payment_event (payment_id, payer_id, payee_id, status, refunded_minor{columns})
    SELECT id, payer_id, payee_id, status, refunded_minor{columns} FROM added;
    RETURN NULL;
END $$
"""
CHANGED_PAYMENTS = """
CREATE OR REPLACE FUNCTION note_changed_payments() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO payment_event (payment_id, payer_id, payee_id, status, refunded_minor{columns})
    SELECT id, payer_id, payee_id, status, refunded_minor{columns} FROM changed
    WHERE NOT EXISTS (
        SELECT FROM unchanged WHERE unchanged.id = changed.id
        AND unchanged.status = changed.status
        AND unchanged.refunded_minor = changed.refunded_minor{unchanged});
    RETURN NULL;
END $$
"""
STREAMED = ", disputed_minor, dispute_outcome"
UNCHANGED = """
        AND unchanged.disputed_minor = changed.disputed_minor
        AND unchanged.dispute_outcome IS NOT DISTINCT FROM changed.dispute_outcome"""


def upgrade() -> None:
    for statement in (DISPUTE, MOVEMENT, *COLUMNS, *INDEXES):
        op.execute(statement)
    op.execute("ALTER TABLE provider_event DROP CONSTRAINT ck_provider_event_tells_one_thing")
    op.execute(
        """
UPDATE provider_event SET dispute = jsonb_build_object(
    'reference', 'disputed:' || coalesce(reference, ''), 'amount_minor', NULL, 'currency', NULL,
    'is_withdrawn', true)
WHERE is_dispute
        """
    )
    op.execute("ALTER TABLE provider_event DROP COLUMN is_dispute")
    op.execute("ALTER TABLE provider_event DROP CONSTRAINT pk_provider_event")
    op.execute(
        "ALTER TABLE provider_event ADD CONSTRAINT pk_provider_event"
        " PRIMARY KEY (provider, event_id, digest)"
    )
    for table, name, _, rule in CHANGED:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({rule})")
    for table, name, rule in RULES:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({rule})")
    for statement in CARRIED_OVER:
        op.execute(statement)
    op.execute("ALTER TABLE charge DROP CONSTRAINT ck_charge_only_what_came_is_disputed")
    op.execute("ALTER TABLE charge DROP COLUMN disputed_at, DROP COLUMN disputed_minor")
    op.execute(ADDED_PAYMENTS.format(columns=STREAMED))
    op.execute(CHANGED_PAYMENTS.format(columns=STREAMED, unchanged=UNCHANGED))


def downgrade() -> None:
    """Go back; one dispute of each charge stays, refunds of providers are deleted."""
    op.execute(CHANGED_PAYMENTS.format(columns="", unchanged=""))
    op.execute(ADDED_PAYMENTS.format(columns=""))
    op.execute(
        "ALTER TABLE charge ADD COLUMN disputed_at timestamptz, ADD COLUMN disputed_minor bigint"
    )
    op.execute(
        """
UPDATE charge SET disputed_at = taken.at, disputed_minor = least(taken.minor, charge.amount_minor)
FROM (SELECT charge_id, min(withdrawn_at) AS at, sum(amount_minor)::bigint AS minor FROM dispute
      WHERE withdrawn_at IS NOT NULL AND reinstated_at IS NULL GROUP BY charge_id) AS taken
WHERE taken.charge_id = charge.id AND charge.status = 'succeeded'
        """
    )
    op.execute(
        "ALTER TABLE charge ADD CONSTRAINT ck_charge_only_what_came_is_disputed CHECK ("
        "disputed_at IS NULL OR status = 'succeeded')"
    )
    op.execute(
        "ALTER TABLE charge ADD CONSTRAINT ck_charge_disputed_has_its_sum CHECK ("
        "CASE WHEN disputed_at IS NULL THEN disputed_minor IS NULL"
        " ELSE disputed_minor BETWEEN 1 AND amount_minor END)"
    )
    for table, name, _ in RULES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
    op.execute("DELETE FROM card_refund WHERE origin = 'provider' OR status = 'dropped'")
    op.execute("UPDATE refund SET completed_at = NULL, transfer_id = NULL WHERE status = 'failed'")
    for table, name, rule, _ in CHANGED:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({rule})")
    _forget_events()
    op.execute("DROP INDEX ix_provider_event_received_at, ix_provider_event_attempts")
    op.execute("ALTER TABLE payment_event DROP COLUMN disputed_minor, DROP COLUMN dispute_outcome")
    op.execute(
        "ALTER TABLE payment DROP COLUMN disputed_at, DROP COLUMN disputed_minor,"
        " DROP COLUMN dispute_outcome"
    )
    op.execute("ALTER TABLE refund DROP COLUMN origin")
    op.execute("ALTER TABLE card_refund DROP COLUMN origin")
    op.execute("ALTER TABLE charge DROP COLUMN topped_up_at, DROP COLUMN refunds_due_at")
    op.execute("DROP TABLE movement, dispute")


def _forget_events() -> None:
    """Give events back the shape that they had; what did not fit that is gone."""
    op.execute(
        "DELETE FROM provider_event AS one USING provider_event AS other WHERE one.news IS NULL"
        " OR (one.provider, one.event_id) = (other.provider, other.event_id)"
        " AND one.digest > other.digest"
    )
    op.execute("ALTER TABLE provider_event DROP CONSTRAINT pk_provider_event")
    op.execute(
        "ALTER TABLE provider_event"
        " DROP COLUMN digest, DROP COLUMN dispute, DROP COLUMN refund, DROP COLUMN has_refunds,"
        " DROP COLUMN given_up_at, ADD COLUMN is_dispute boolean NOT NULL DEFAULT false"
    )
    op.execute("ALTER TABLE provider_event ALTER COLUMN is_dispute DROP DEFAULT")
    op.execute(
        "ALTER TABLE provider_event ADD CONSTRAINT pk_provider_event"
        " PRIMARY KEY (provider, event_id)"
    )
    op.execute(
        "ALTER TABLE provider_event ADD CONSTRAINT ck_provider_event_tells_one_thing CHECK ("
        "is_dispute <> (news IS NOT NULL))"
    )
