"""Makes the audit log one of events, too: numbered, sealed, and able to forget where from."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The salt goes with the address: without it the hash that stays tells nothing.
ORIGIN = (
    """
    CREATE TABLE audit_origin (
        audit_id uuid NOT NULL,
        address text NOT NULL,
        user_agent text,
        salt bytea NOT NULL,
        CONSTRAINT pk_audit_origin PRIMARY KEY (audit_id),
        CONSTRAINT fk_audit_origin_audit_id_audit FOREIGN KEY (audit_id) REFERENCES audit (id),
        CONSTRAINT ck_audit_origin_salt_length CHECK (octet_length(salt) = 32)
    )
    """,
    "CREATE INDEX ix_audit_origin_address ON audit_origin (address)",
    """
    INSERT INTO audit_origin (audit_id, address, salt)
    SELECT id, address, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) FROM audit
    """,
)
# The transaction has its id before it draws the number, as `kit.db.tail` needs.
NUMBERED = (
    "CREATE SEQUENCE audit_position",
    """
    CREATE FUNCTION number_audit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_current_xact_id();
        NEW.position := nextval('audit_position');
        RETURN NEW;
    END $$
    """,
)
AUDIT = (
    """
    ALTER TABLE audit
        ALTER COLUMN actor_id DROP NOT NULL,
        ADD COLUMN details jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN position bigint,
        ADD COLUMN origin_hash bytea
    """,
    "ALTER TABLE audit DISABLE TRIGGER append_only",
    """
    UPDATE audit SET position = numbered.position,
        origin_hash = sha256(salt || convert_to(origin.address, 'UTF8') || '\\x00')
    FROM (SELECT id, row_number() OVER (ORDER BY at, id) AS position FROM audit) AS numbered
    JOIN audit_origin AS origin ON origin.audit_id = numbered.id
    WHERE audit.id = numbered.id
    """,
    "ALTER TABLE audit ENABLE TRIGGER append_only",
    "SELECT setval('audit_position', (SELECT coalesce(max(position), 0) FROM audit) + 1, false)",
    """
    ALTER TABLE audit
        ALTER COLUMN position SET NOT NULL,
        ALTER COLUMN origin_hash SET NOT NULL,
        DROP COLUMN address,
        ADD CONSTRAINT uq_audit_position UNIQUE (position)
    """,
    "COMMENT ON COLUMN audit.actor_id IS 'NULL where nobody is known'",
    "COMMENT ON COLUMN audit.origin_hash IS 'SHA-256 of salt, address and client'",
    "ALTER SEQUENCE audit_position OWNED BY audit.position",
    """
    CREATE TRIGGER numbered BEFORE INSERT ON audit
        FOR EACH ROW EXECUTE FUNCTION number_audit()
    """,
    "CREATE INDEX ix_audit_action ON audit (action, at DESC, id DESC)",
)
SEAL = (
    """
    CREATE TABLE audit_seal (
        position bigint NOT NULL,
        hash bytea NOT NULL,
        CONSTRAINT pk_audit_seal PRIMARY KEY (position),
        CONSTRAINT ck_audit_seal_hash_length CHECK (octet_length(hash) = 32)
    )
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_seal
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)
# The service's role is named as its schema. deploy/postgres/roles.sql says it again at each start.
RIGHTS = """
DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE ON audit, audit_seal FROM %I', current_schema());
END $$
"""
SESSION = (
    """
    ALTER TABLE session
        ADD COLUMN address text,
        ADD COLUMN amr text[] NOT NULL DEFAULT '{pwd}',
        ADD COLUMN authenticated_at timestamptz
    """,
    "UPDATE session SET authenticated_at = created_at",
    "ALTER TABLE session ALTER COLUMN authenticated_at SET NOT NULL",
    "COMMENT ON COLUMN session.amr IS 'RFC 8176'",
)


EMAIL = (
    """
    CREATE TABLE email_change (
        user_id uuid NOT NULL,
        email text NOT NULL,
        expires_at timestamptz NOT NULL,
        old_confirmed boolean NOT NULL,
        new_confirmed boolean NOT NULL,
        CONSTRAINT pk_email_change PRIMARY KEY (user_id),
        CONSTRAINT fk_email_change_user_id_user_account FOREIGN KEY (user_id)
            REFERENCES user_account (id),
        CONSTRAINT ck_email_change_waits CHECK (NOT (old_confirmed AND new_confirmed))
    )
    """,
    "CREATE INDEX ix_email_change_expires_at ON email_change (expires_at)",
    "ALTER TABLE link DROP CONSTRAINT ck_link_purpose",
    """
    ALTER TABLE link ADD CONSTRAINT ck_link_purpose
        CHECK (purpose IN ('activation', 'password_reset', 'old_email', 'new_email'))
    """,
)


def upgrade() -> None:
    for statement in (*ORIGIN, *NUMBERED, *AUDIT, *SEAL, RIGHTS, *SESSION, *EMAIL):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE email_change")
    op.execute("DELETE FROM link WHERE purpose IN ('old_email', 'new_email')")
    op.execute("ALTER TABLE link DROP CONSTRAINT ck_link_purpose")
    op.execute(
        """
        ALTER TABLE link ADD CONSTRAINT ck_link_purpose
            CHECK (purpose IN ('activation', 'password_reset'))
        """
    )
    op.execute("ALTER TABLE session DROP COLUMN address, DROP COLUMN amr, DROP authenticated_at")
    op.execute("DROP TABLE audit_seal")
    op.execute("DROP TRIGGER numbered ON audit")
    op.execute("ALTER TABLE audit DISABLE TRIGGER append_only")
    op.execute("ALTER TABLE audit ADD COLUMN address text")
    op.execute(
        "UPDATE audit SET address = origin.address FROM audit_origin AS origin WHERE audit_id = id"
    )
    op.execute("DROP TABLE audit_origin")
    # The log of before knows no act without an actor, nor one that came from nowhere.
    op.execute("DELETE FROM audit WHERE actor_id IS NULL")
    op.execute("UPDATE audit SET address = '' WHERE address IS NULL")
    op.execute(
        """
        ALTER TABLE audit DROP COLUMN details, DROP COLUMN position, DROP COLUMN origin_hash,
            ALTER COLUMN address SET NOT NULL, ALTER COLUMN actor_id SET NOT NULL
        """
    )
    op.execute("DROP INDEX ix_audit_action")
    op.execute("DROP FUNCTION number_audit()")
    op.execute("ALTER TABLE audit ENABLE TRIGGER append_only")
