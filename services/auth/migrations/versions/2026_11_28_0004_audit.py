"""Creates the audit log, whose rows are written once and never changed."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    CREATE TABLE audit (
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        actor_id uuid NOT NULL,
        service text NOT NULL,
        action text NOT NULL,
        subject_kind text NOT NULL,
        subject_id text,
        owner_id uuid,
        request_id text,
        address text NOT NULL,
        CONSTRAINT pk_audit PRIMARY KEY (id)
    )
    """,
    "COMMENT ON COLUMN audit.subject_id IS 'NULL for a list'",
    "COMMENT ON COLUMN audit.owner_id IS 'NULL where it is nobody''s, or everybody''s'",
    "CREATE INDEX ix_audit_at ON audit (at DESC, id DESC)",
    "CREATE INDEX ix_audit_actor_id ON audit (actor_id, at DESC, id DESC)",
    "CREATE INDEX ix_audit_subject_id ON audit (subject_id, at DESC, id DESC)",
    "CREATE INDEX ix_audit_owner_id ON audit (owner_id, at DESC, id DESC)",
    # Rows stay as written: not even the owner's role can change them without dropping the trigger.
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE audit")
    op.execute("DROP FUNCTION refuse_change()")
