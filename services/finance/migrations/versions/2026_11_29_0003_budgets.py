"""Creates budgets and the notes of their notices; gives reports their indexes."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BUDGET = """
CREATE TABLE budget (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    category_id uuid NOT NULL,
    currency text NOT NULL,
    month date NOT NULL,
    amount_minor bigint NOT NULL,
    is_carried boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_budget PRIMARY KEY (id),
    CONSTRAINT uq_budget_category_id_currency_month UNIQUE (category_id, currency, month),
    CONSTRAINT fk_budget_user_id_book FOREIGN KEY (user_id) REFERENCES book (user_id),
    CONSTRAINT fk_budget_category_id_category FOREIGN KEY (category_id) REFERENCES category (id)
        ON DELETE CASCADE,
    CONSTRAINT ck_budget_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_budget_month_is_its_first_day CHECK (extract(day FROM month) = 1),
    CONSTRAINT ck_budget_amount_is_in_range CHECK (amount_minor BETWEEN 0 AND 1000000000000000),
    CONSTRAINT ck_budget_version_counts_from_one CHECK (version >= 1)
)
"""
BUDGET_ALERT = """
CREATE TABLE budget_alert (
    budget_id uuid NOT NULL,
    month date NOT NULL,
    threshold integer NOT NULL,
    CONSTRAINT pk_budget_alert PRIMARY KEY (budget_id, month, threshold),
    CONSTRAINT fk_budget_alert_budget_id_budget FOREIGN KEY (budget_id) REFERENCES budget (id)
        ON DELETE CASCADE,
    CONSTRAINT ck_budget_alert_month_is_its_first_day CHECK (extract(day FROM month) = 1)
)
"""
LIST_INDEX = "ix_transaction_user_id_date_id"
REPORT_INDEX = f"""
CREATE INDEX {LIST_INDEX} ON transaction (user_id, date, id)
    INCLUDE (currency, type, amount_minor, category_id, is_split)
"""


def upgrade() -> None:
    op.execute(BUDGET)
    op.execute(BUDGET_ALERT)
    op.execute("CREATE INDEX ix_budget_user_id_month ON budget (user_id, month)")
    op.execute(f"DROP INDEX {LIST_INDEX}")
    op.execute(REPORT_INDEX)
    op.execute("CREATE INDEX ix_transaction_split ON transaction (user_id, date) WHERE is_split")


def downgrade() -> None:
    op.execute("DROP INDEX ix_transaction_split")
    op.execute(f"DROP INDEX {LIST_INDEX}")
    op.execute(f"CREATE INDEX {LIST_INDEX} ON transaction (user_id, date, id)")
    op.execute("DROP TABLE budget_alert, budget")
