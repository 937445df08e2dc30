"""Creates the ledger's tables, and the tables of kit's parts.

The ledger: account, transfer, entry, hold, and command with the kept replies. Of kit: outbox,
inbox, idempotency.
"""

from alembic import op

from kit.db import ddl

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_UP = (
    """
    CREATE TABLE account (
        id uuid NOT NULL,
        number bigint NOT NULL GENERATED ALWAYS AS IDENTITY (START WITH 1001),
        owner_id uuid,
        currency text NOT NULL,
        kind text NOT NULL,
        name text NOT NULL,
        is_default boolean NOT NULL,
        status text NOT NULL DEFAULT 'active',
        balance_minor bigint NOT NULL DEFAULT 0,
        held_minor bigint NOT NULL DEFAULT 0,
        seq bigint NOT NULL DEFAULT 0,
        last_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
        moved_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_account PRIMARY KEY (id),
        CONSTRAINT uq_account_number UNIQUE (number),
        CONSTRAINT ck_account_kind
            CHECK (kind IN ('wallet', 'merchant', 'external', 'fees', 'suspense')),
        CONSTRAINT ck_account_status CHECK (status IN ('active', 'frozen')),
        CONSTRAINT ck_account_currency CHECK (currency ~ '^[A-Z]{3}$'),
        CONSTRAINT ck_account_people_own_wallets
            CHECK ((kind IN ('wallet', 'merchant')) = (owner_id IS NOT NULL)),
        CONSTRAINT ck_account_only_a_wallet_is_a_default
            CHECK (kind = 'wallet' OR NOT is_default),
        CONSTRAINT ck_account_held_is_not_negative CHECK (held_minor >= 0),
        CONSTRAINT ck_account_available_is_not_negative
            CHECK (balance_minor >= held_minor OR kind = 'external'),
        CONSTRAINT ck_account_balance_limit
            CHECK (balance_minor BETWEEN -1000000000000000000 AND 1000000000000000000),
        CONSTRAINT ck_account_seq_counts_up CHECK (seq >= 0),
        CONSTRAINT ck_account_last_hash_length CHECK (octet_length(last_hash) = 32)
    ) WITH (fillfactor = 50)
    """,
    "CREATE UNIQUE INDEX uq_account_default ON account (owner_id, currency) WHERE is_default",
    """
    CREATE UNIQUE INDEX uq_account_system ON account (kind, name, currency)
        WHERE owner_id IS NULL
    """,
    "CREATE INDEX ix_account_owner ON account (owner_id, created_at DESC, id DESC)",
    """
    CREATE INDEX ix_account_created_at ON account (created_at DESC, id DESC)
        WHERE owner_id IS NOT NULL
    """,
    """
    CREATE TABLE transfer (
        id uuid NOT NULL,
        kind text NOT NULL,
        reference text NOT NULL,
        description text,
        currency text NOT NULL,
        posted_at timestamptz NOT NULL,
        CONSTRAINT pk_transfer PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE entry (
        account_id uuid NOT NULL,
        seq bigint NOT NULL,
        transfer_id uuid NOT NULL,
        amount_minor bigint NOT NULL,
        balance_after_minor bigint NOT NULL,
        hash bytea NOT NULL,
        posted_at timestamptz NOT NULL,
        CONSTRAINT pk_entry PRIMARY KEY (account_id, seq),
        CONSTRAINT ck_entry_seq_counts_from_one CHECK (seq > 0),
        CONSTRAINT ck_entry_amount_is_something CHECK (amount_minor <> 0),
        CONSTRAINT ck_entry_hash_length CHECK (octet_length(hash) = 32)
    )
    """,
    """
    CREATE TABLE hold (
        id uuid NOT NULL,
        account_id uuid NOT NULL,
        amount_minor bigint NOT NULL,
        captured_minor bigint NOT NULL,
        released_minor bigint NOT NULL,
        reference text NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_hold PRIMARY KEY (id),
        CONSTRAINT fk_hold_account_id FOREIGN KEY (account_id) REFERENCES account (id),
        CONSTRAINT ck_hold_amount_is_something CHECK (amount_minor > 0),
        CONSTRAINT ck_hold_parts_count_up CHECK (captured_minor >= 0 AND released_minor >= 0),
        CONSTRAINT ck_hold_parts_fit_into_the_whole
            CHECK (captured_minor + released_minor <= amount_minor)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE command (
        command_id uuid NOT NULL,
        reply_type text NOT NULL,
        reply jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_command PRIMARY KEY (command_id)
    )
    """,
    # Posted rows stay: not even the owner's role can change them without dropping the trigger.
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transfer
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER never_deleted BEFORE DELETE ON account
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    # One statement inserts all entries of whole transfers, so one pass over the statement's rows
    # checks that each transfer exists, adds up to zero and keeps to its currency. DECISIONS.md has
    # the measured costs of this, of foreign keys and of deferred triggers. The planner is made to
    # look rows up by index, because it plans once, while the tables are still empty.
    """
    CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
    DECLARE
        fault uuid;
    BEGIN
        SELECT added.transfer_id INTO fault
        FROM added
        LEFT JOIN transfer ON transfer.id = added.transfer_id
        LEFT JOIN account
            ON account.id = added.account_id AND account.currency = transfer.currency
        GROUP BY added.transfer_id
        HAVING sum(added.amount_minor) <> 0 OR count(account.id) < count(*)
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'transfer % is not balanced', fault USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER balanced AFTER INSERT ON entry REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced()
    """,
)

_DOWN = (
    "DROP TABLE command, hold, entry, transfer, account",
    "DROP FUNCTION refuse_unbalanced()",
    "DROP FUNCTION refuse_change()",
)


def upgrade() -> None:
    """Create the tables of the ledger and of kit's parts."""
    for statement in _UP:
        op.execute(statement)
    ddl.create_messaging(op)
    ddl.create_idempotency(op)


def downgrade() -> None:
    """Drop all of these tables."""
    ddl.drop_idempotency(op)
    ddl.drop_messaging(op)
    for statement in _DOWN:
        op.execute(statement)
