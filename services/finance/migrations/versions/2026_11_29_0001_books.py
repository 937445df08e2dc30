"""Creates people's books, accounts, categories, transactions; and kit's tables."""

from alembic import op

from kit.db import ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BOOK = """
CREATE TABLE book (
    user_id uuid NOT NULL,
    time_zone text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_book PRIMARY KEY (user_id),
    CONSTRAINT ck_book_version_counts_from_one CHECK (version >= 1)
)
"""
PERSON = """
CREATE TABLE person (
    user_id uuid NOT NULL,
    username text,
    status text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (user_id),
    CONSTRAINT ck_person_deleted_is_forgotten CHECK (username IS NULL OR status <> 'deleted')
)
"""
ACCOUNT = """
CREATE TABLE account (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    opening_minor bigint NOT NULL,
    balance_minor bigint NOT NULL,
    wallet_id uuid,
    seq bigint DEFAULT 0 NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account_wallet_id UNIQUE (wallet_id),
    CONSTRAINT ck_account_kind_is_known
        CHECK (kind IN ('cash', 'bank', 'card', 'savings', 'wallet')),
    CONSTRAINT ck_account_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_account_opening_is_in_range
        CHECK (opening_minor BETWEEN -1000000000000000 AND 1000000000000000),
    CONSTRAINT ck_account_a_linked_account_opens_empty
        CHECK (wallet_id IS NULL OR (opening_minor = 0 AND kind = 'wallet')),
    CONSTRAINT ck_account_seq_counts_movements CHECK (seq >= 0),
    CONSTRAINT ck_account_version_counts_from_one CHECK (version >= 1),
    CONSTRAINT fk_account_user_id FOREIGN KEY (user_id) REFERENCES book (user_id)
)
"""
CATEGORY = """
CREATE TABLE category (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    type text NOT NULL,
    colour text,
    parent_id uuid,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_category PRIMARY KEY (id),
    CONSTRAINT uq_category_user_id_type_name_key UNIQUE (user_id, type, name_key),
    CONSTRAINT ck_category_type_is_known CHECK (type IN ('income', 'expense')),
    CONSTRAINT ck_category_colour_is_hexadecimal CHECK (colour ~ '^#[0-9a-f]{6}$'),
    CONSTRAINT ck_category_nothing_is_its_own_parent CHECK (parent_id <> id),
    CONSTRAINT ck_category_version_counts_from_one CHECK (version >= 1),
    CONSTRAINT fk_category_user_id FOREIGN KEY (user_id) REFERENCES book (user_id),
    CONSTRAINT fk_category_parent_id FOREIGN KEY (parent_id) REFERENCES category (id)
)
"""
RECURRING = """
CREATE TABLE recurring (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    category_id uuid,
    type text NOT NULL,
    amount_minor bigint NOT NULL,
    description text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    every text NOT NULL,
    "interval" integer NOT NULL,
    anchor_day integer NOT NULL,
    next_date date NOT NULL,
    end_date date,
    is_active boolean NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_recurring PRIMARY KEY (id),
    CONSTRAINT ck_recurring_sign_fits_the_type
        CHECK ((type = 'income' AND amount_minor > 0)
            OR (type = 'expense' AND amount_minor < 0)),
    CONSTRAINT ck_recurring_amount_is_in_range
        CHECK (amount_minor BETWEEN -1000000000000000 AND 1000000000000000),
    CONSTRAINT ck_recurring_every_is_known CHECK (every IN ('day', 'week', 'month', 'year')),
    CONSTRAINT ck_recurring_interval_is_in_range CHECK ("interval" BETWEEN 1 AND 100),
    CONSTRAINT ck_recurring_anchor_is_a_day CHECK (anchor_day BETWEEN 1 AND 31),
    CONSTRAINT ck_recurring_version_counts_from_one CHECK (version >= 1),
    CONSTRAINT fk_recurring_user_id FOREIGN KEY (user_id) REFERENCES book (user_id),
    CONSTRAINT fk_recurring_account_id FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT fk_recurring_category_id FOREIGN KEY (category_id) REFERENCES category (id)
)
"""
TRANSACTION = """
CREATE TABLE transaction (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    account_id uuid NOT NULL,
    type text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    category_id uuid,
    description text,
    note text,
    date date NOT NULL,
    at timestamptz,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    is_split boolean DEFAULT false NOT NULL,
    transfer_id uuid,
    origin text NOT NULL,
    movement_seq bigint,
    movement_kind text,
    reference text,
    counterparty_id uuid,
    purpose text,
    is_category_own boolean DEFAULT false NOT NULL,
    import_key text,
    recurring_id uuid,
    due_date date,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_transaction PRIMARY KEY (id),
    CONSTRAINT ck_transaction_sign_fits_the_type
        CHECK ((type = 'income' AND amount_minor > 0)
            OR (type = 'expense' AND amount_minor < 0)
            OR (type = 'transfer' AND amount_minor <> 0)),
    CONSTRAINT ck_transaction_amount_is_in_range
        CHECK (amount_minor BETWEEN -1000000000000000000 AND 1000000000000000000),
    CONSTRAINT ck_transaction_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_transaction_date_is_in_range
        CHECK (date BETWEEN DATE '1900-01-01' AND DATE '2999-12-31'),
    CONSTRAINT ck_transaction_a_transfer_has_its_pair
        CHECK ((type = 'transfer') = (transfer_id IS NOT NULL)),
    CONSTRAINT ck_transaction_neither_transfers_nor_split_ones_have_a_category
        CHECK (category_id IS NULL OR (type <> 'transfer' AND NOT is_split)),
    CONSTRAINT ck_transaction_a_transfer_is_not_split
        CHECK (NOT is_split OR type <> 'transfer'),
    CONSTRAINT ck_transaction_origin_is_known
        CHECK (origin IN ('manual', 'wallet', 'recurring', 'import')),
    CONSTRAINT ck_transaction_a_movement_has_seq
        CHECK ((origin = 'wallet') = (movement_seq IS NOT NULL)),
    CONSTRAINT ck_transaction_a_recurring_one_has_its_day
        CHECK ((recurring_id IS NULL) = (due_date IS NULL)),
    CONSTRAINT ck_transaction_version_counts_from_one CHECK (version >= 1),
    CONSTRAINT fk_transaction_account_id FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT fk_transaction_category_id FOREIGN KEY (category_id) REFERENCES category (id)
)
"""
SPLIT = """
CREATE TABLE split (
    transaction_id uuid NOT NULL,
    position integer NOT NULL,
    category_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    description text,
    user_id uuid NOT NULL,
    date date NOT NULL,
    currency text NOT NULL,
    CONSTRAINT pk_split PRIMARY KEY (transaction_id, position),
    CONSTRAINT ck_split_amount_is_in_range
        CHECK (amount_minor BETWEEN -1000000000000000000 AND 1000000000000000000
            AND amount_minor <> 0),
    CONSTRAINT ck_split_position_counts_from_one CHECK (position BETWEEN 1 AND 100),
    CONSTRAINT fk_split_transaction_id
        FOREIGN KEY (transaction_id) REFERENCES transaction (id) ON DELETE CASCADE,
    CONSTRAINT fk_split_category_id FOREIGN KEY (category_id) REFERENCES category (id)
)
"""
TABLES = (BOOK, PERSON, ACCOUNT, CATEGORY, RECURRING, TRANSACTION, SPLIT)
INDEXES = (
    "CREATE INDEX ix_account_user_id_created_at_id ON account (user_id, created_at, id)",
    "CREATE INDEX ix_category_parent_id ON category (parent_id)",
    "CREATE INDEX ix_recurring_account_id ON recurring (account_id)",
    """
CREATE INDEX ix_recurring_category_id ON recurring (category_id)
    WHERE category_id IS NOT NULL
    """,
    "CREATE INDEX ix_recurring_next_date ON recurring (next_date) WHERE is_active",
    "CREATE INDEX ix_recurring_user_id_created_at_id ON recurring (user_id, created_at, id)",
    "CREATE INDEX ix_transaction_account_id_date_id ON transaction (account_id, date, id)",
    """
CREATE INDEX ix_transaction_category_id_date_id ON transaction (category_id, date, id)
    WHERE category_id IS NOT NULL
    """,
    """
CREATE INDEX ix_transaction_shop ON transaction (reference)
    WHERE counterparty_id = '00000000-0000-0000-0000-000000000001'::uuid
    """,
    """
CREATE INDEX ix_transaction_transfer_id ON transaction (transfer_id)
    WHERE transfer_id IS NOT NULL
    """,
    "CREATE INDEX ix_transaction_user_id_date_id ON transaction (user_id, date, id)",
    """
CREATE UNIQUE INDEX uq_transaction_due_date ON transaction (recurring_id, due_date)
    WHERE recurring_id IS NOT NULL
    """,
    """
CREATE UNIQUE INDEX uq_transaction_import_key ON transaction (account_id, import_key)
    WHERE import_key IS NOT NULL
    """,
    """
CREATE UNIQUE INDEX uq_transaction_movement ON transaction (account_id, movement_seq)
    WHERE movement_seq IS NOT NULL
    """,
    "CREATE INDEX ix_split_category_id_date ON split (category_id, date, transaction_id)",
    "CREATE INDEX ix_split_user_id_date ON split (user_id, date)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    ddl.create_messaging(op)
    ddl.create_idempotency(op)


def downgrade() -> None:
    ddl.drop_idempotency(op)
    ddl.drop_messaging(op)
    op.execute("DROP TABLE split, transaction, recurring, category, account, book, person")
