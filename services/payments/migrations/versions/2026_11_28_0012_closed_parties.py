"""Users who are deleted, or being deleted: nothing that moves their money begins."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CLOSED_PARTY = """
CREATE TABLE closed_party (
    user_id uuid NOT NULL,
    closed_at timestamptz NOT NULL,
    CONSTRAINT pk_closed_party PRIMARY KEY (user_id)
)
"""

# Closing a user takes the lock of their bucket alone; beginning something with them shares it. So
# one of the two comes first, and the other sees what it did, as every statement of the function
# reads what is committed by then. Buckets bound how many locks a batch takes.
REQUIRE_OPEN = """
CREATE FUNCTION require_open(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone uuid;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7301, bucket)
    FROM (SELECT DISTINCT hashtext(id::text) & 1023 AS bucket FROM unnest(ids) AS given (id)
          ORDER BY 1) AS buckets;
    SELECT user_id INTO gone FROM closed_party WHERE user_id = ANY(ids) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'user % is closed', gone USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'party_is_open', DETAIL = gone::text;
    END IF;
END $$
"""

FUNCTIONS = {
    "require_open_parties": "PERFORM require_open(ARRAY[NEW.payer_id, NEW.payee_id]);",
    "require_open_owner": "PERFORM require_open(ARRAY[NEW.owner_id]);",
    "require_open_user": "PERFORM require_open(ARRAY[NEW.user_id]);",
    # What a card has paid goes back to the card, whoever is deleted.
    "require_open_for_refund": """PERFORM require_open(ARRAY[payer_id]) FROM payment
        WHERE id = NEW.payment_id AND method = 'wallet';""",
}

TRIGGERS = (
    ("payment", "begins_between_open", "AFTER INSERT", "", "require_open_parties"),
    (
        "payment",
        "is_paid_between_open",
        "AFTER UPDATE OF status",
        "WHEN (NEW.status = 'processing' AND OLD.status <> 'processing')",
        "require_open_parties",
    ),
    ("refund", "begins_between_open", "AFTER INSERT", "", "require_open_for_refund"),
    ("charge", "begins_for_open", "AFTER INSERT", "", "require_open_owner"),
    ("bulk", "begins_for_open", "AFTER INSERT", "", "require_open_user"),
)


def upgrade() -> None:
    op.execute(CLOSED_PARTY)
    op.execute(REQUIRE_OPEN)
    for name, body in FUNCTIONS.items():
        op.execute(
            f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                {body}
                RETURN NULL;
            END $$"""
        )
    for table, name, event, condition, function in TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} {event} ON {table} FOR EACH ROW {condition}"
            f" EXECUTE FUNCTION {function}()"
        )


def downgrade() -> None:
    for table, name, _, _, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    op.execute("DROP FUNCTION require_open(uuid[])")
    op.execute("DROP TABLE closed_party")
