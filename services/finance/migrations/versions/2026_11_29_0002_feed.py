"""Creates rules, purchases, and how far wallet's movements were read."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE rule (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        place integer NOT NULL,
        category_id uuid NOT NULL,
        tags text[] NOT NULL,
        payee_id uuid,
        service_id uuid,
        product_category text,
        kind text,
        words text,
        amount_min_minor bigint,
        amount_max_minor bigint,
        currency text,
        account_id uuid,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_rule PRIMARY KEY (id),
        CONSTRAINT fk_rule_user_id FOREIGN KEY (user_id) REFERENCES book (user_id),
        CONSTRAINT fk_rule_category_id FOREIGN KEY (category_id) REFERENCES category (id),
        CONSTRAINT fk_rule_account_id FOREIGN KEY (account_id) REFERENCES account (id)
            ON DELETE CASCADE,
        CONSTRAINT ck_rule_place_is_in_range CHECK (place BETWEEN 1 AND 1000000),
        CONSTRAINT ck_rule_amounts_have_a_currency CHECK (
            (amount_min_minor IS NULL AND amount_max_minor IS NULL) OR currency IS NOT NULL),
        CONSTRAINT ck_rule_amounts_are_positive
            CHECK (amount_min_minor > 0 AND amount_max_minor > 0),
        CONSTRAINT ck_rule_there_is_a_condition CHECK (num_nonnulls(
            payee_id, service_id, product_category, kind, words, currency, account_id) > 0),
        CONSTRAINT ck_rule_version_counts_from_one CHECK (version >= 1)
    )
    """,
    "CREATE INDEX ix_rule_user_id_place_id ON rule (user_id, place, id)",
    "CREATE INDEX ix_rule_category_id ON rule (category_id)",
    "CREATE INDEX ix_person_username ON person (lower(username))",
    "CREATE INDEX ix_rule_account_id ON rule (account_id) WHERE account_id IS NOT NULL",
    """
    CREATE TABLE purchase (
        payment_id uuid NOT NULL,
        user_id uuid NOT NULL,
        order_id uuid NOT NULL,
        items jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_purchase PRIMARY KEY (payment_id),
        CONSTRAINT fk_purchase_user_id FOREIGN KEY (user_id) REFERENCES book (user_id)
    )
    """,
    "CREATE INDEX ix_purchase_user_id ON purchase (user_id)",
    """
    CREATE TABLE feed_position (
        name text NOT NULL,
        after bigint NOT NULL,
        turn bigint NOT NULL,
        stuck uuid[] NOT NULL,
        CONSTRAINT pk_feed_position PRIMARY KEY (name),
        CONSTRAINT ck_feed_position_after_counts_up CHECK (after >= 0)
    )
    """,
)


def upgrade() -> None:
    """Create them; all movements there are will be read from the first on."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; what was projected stays."""
    op.execute("DROP TABLE feed_position, purchase, rule")
    op.execute("DROP INDEX ix_person_username")
