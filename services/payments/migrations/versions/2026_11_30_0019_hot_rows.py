"""Lets a payment be claimed without a new entry in any index, and judges rows by few rules.

`listed_as` is the status for the indexes: while a payment goes from created to processing it stays
`open`, so that this change touches no index (HOT), which half-empty pages have room for.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LISTED_AS = """
ALTER TABLE payment SET (fillfactor = 50),
    ADD COLUMN listed_as text GENERATED ALWAYS AS (
        CASE WHEN status IN ('created', 'processing') THEN 'open' ELSE status END) STORED
"""

# Each statement reads the texts of all rules anew, so few and short ones are faster.
RULES = {
    "order_is_sound": """
        payer_id <> payee_id AND amount_minor BETWEEN 1 AND 1000000000000000
        AND currency ~ '^[A-Z]{3}$' AND card_last4 ~ '^[0-9]{4}$' AND version >= 1
        AND method = ANY ('{wallet,card}'::text[]) AND (reserved_at IS NULL OR is_reserved)
        AND NOT (is_reserved AND execute_at IS NOT NULL)
        AND (status <> 'scheduled' OR execute_at IS NOT NULL)""",
    "status_has_its_facts": """
        concat(status, ' ', paid_at IS NOT NULL, transfer_id IS NOT NULL, paid_minor IS NOT NULL,
               refunded_at IS NOT NULL, failed_at IS NOT NULL, cancelled_at IS NOT NULL,
               reason IS NOT NULL)
        = ANY ('{scheduled fffffff,created fffffff,processing fffffff,paid tttffff,
                 refunded ttttfff,failed fffftft,cancelled ffffftt}'::text[])""",
    "paid_and_refunded_fit": """
        paid_minor BETWEEN 1 AND amount_minor
        AND refunded_minor BETWEEN 0 AND coalesce(paid_minor, 0)
        AND (NOT is_price_fixed OR paid_minor = amount_minor)""",
    "counted_has_its_day": """
        counted_minor IS NULL
        OR counted_minor BETWEEN 1 AND amount_minor AND counted_on IS NOT NULL""",
    "disputed_has_its_sum": """
        (disputed_at IS NOT NULL) = (disputed_minor >= 1) AND dispute_outcome IN ('won', 'lost')""",
}
RULES_BEFORE = {
    "disputed_has_its_sum": "(disputed_at IS NOT NULL) = (disputed_minor >= 1)",
    "dispute_outcome_is_known": "dispute_outcome IN ('won', 'lost')",
    "status_is_known": """
        status IN ('scheduled', 'created', 'processing', 'paid', 'failed', 'cancelled',
                   'refunded')""",
    "method_is_known": "method IN ('wallet', 'card')",
    "scheduled_has_its_time": "status <> 'scheduled' OR execute_at IS NOT NULL",
    "set_aside_is_what_was_reserved": "reserved_at IS NULL OR is_reserved",
    "reserved_is_not_scheduled": "NOT is_reserved OR execute_at IS NULL",
    "payer_is_not_payee": "payer_id <> payee_id",
    "amount_is_in_range": "amount_minor BETWEEN 1 AND 1000000000000000",
    "currency_is_a_code": "currency ~ '^[A-Z]{3}$'",
    "card_last4_is_four_digits": "card_last4 ~ '^[0-9]{4}$'",
    "version_counts_from_one": "version >= 1",
    "paid_has_its_time": "(status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)",
    "paid_has_its_transfer": "(paid_at IS NOT NULL) = (transfer_id IS NOT NULL)",
    "paid_has_its_amount": "(paid_at IS NOT NULL) = (paid_minor IS NOT NULL)",
    "paid_fits_the_amount": "paid_minor BETWEEN 1 AND amount_minor",
    "refunds_fit_what_was_paid": "refunded_minor BETWEEN 0 AND coalesce(paid_minor, 0)",
    "refunded_has_its_time": "(status = 'refunded') = (refunded_at IS NOT NULL)",
    "failed_has_its_time": "(status = 'failed') = (failed_at IS NOT NULL)",
    "cancelled_has_its_time": "(status = 'cancelled') = (cancelled_at IS NOT NULL)",
    "failed_and_cancelled_have_a_reason": """
        (status IN ('failed', 'cancelled')) = (reason IS NOT NULL)""",
    "counted_has_its_day": """
        counted_minor IS NULL
        OR (counted_minor BETWEEN 1 AND amount_minor AND counted_on IS NOT NULL)""",
    "a_price_is_paid_whole": """
        NOT is_price_fixed OR paid_minor IS NULL OR paid_minor = amount_minor""",
}

INDEXES = {
    "payer_id_listed_as_created_at_id": "(payer_id, listed_as, created_at, id)",
    "payee_id_listed_as_created_at_id": "(payee_id, listed_as, created_at, id)",
    "listed_as_created_at_id_unless_paid": """
        (listed_as, created_at, id) WHERE listed_as <> 'paid'""",
    "expires_at_while_open": "(expires_at) WHERE listed_as = 'open'",
    "execute_at_while_scheduled": "(execute_at) WHERE listed_as = 'scheduled'",
}
INDEXES_BEFORE = {
    "payer_id_status_created_at_id": "(payer_id, status, created_at, id)",
    "payee_id_status_created_at_id": "(payee_id, status, created_at, id)",
    "status_created_at_id_while_rare": """
        (status, created_at, id)
        WHERE status IN ('scheduled', 'processing', 'failed', 'cancelled', 'refunded')""",
    "expires_at_while_created": "(expires_at) WHERE status = 'created'",
    "execute_at_while_scheduled": "(execute_at) WHERE status = 'scheduled'",
}


def upgrade() -> None:
    for name in INDEXES_BEFORE:
        op.execute(f"DROP INDEX ix_payment_{name}")
    _replace_rules(RULES_BEFORE, RULES)
    op.execute(LISTED_AS)
    for name, index in INDEXES.items():
        op.execute(f"CREATE INDEX ix_payment_{name} ON payment {index}")
    op.execute("ANALYZE payment")  # of the new column nothing is known


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX ix_payment_{name}")
    op.execute("ALTER TABLE payment DROP COLUMN listed_as, RESET (fillfactor)")
    _replace_rules(RULES, RULES_BEFORE)
    for name, index in INDEXES_BEFORE.items():
        op.execute(f"CREATE INDEX ix_payment_{name} ON payment {index}")


def _replace_rules(before: dict[str, str], after: dict[str, str]) -> None:
    dropped = [f"DROP CONSTRAINT ck_payment_{name}" for name in before]
    added = [f"ADD CONSTRAINT ck_payment_{name} CHECK ({rule})" for name, rule in after.items()]
    op.execute(f"ALTER TABLE payment {', '.join(dropped + added)}")
