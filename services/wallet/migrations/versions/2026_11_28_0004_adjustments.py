"""Adds adjustments: one administrator proposes, another one posts."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.execute(
        """
        CREATE TABLE adjustment (
            id uuid NOT NULL,
            payer_account_id uuid NOT NULL,
            payee_account_id uuid NOT NULL,
            amount_minor bigint NOT NULL,
            currency text NOT NULL,
            reason text NOT NULL,
            status text NOT NULL DEFAULT 'pending',
            proposed_by uuid NOT NULL,
            decided_by uuid,
            transfer_id uuid,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            decided_at timestamptz,
            CONSTRAINT pk_adjustment PRIMARY KEY (id),
            CONSTRAINT uq_adjustment_transfer_id UNIQUE (transfer_id),
            CONSTRAINT fk_adjustment_payer_account_id
                FOREIGN KEY (payer_account_id) REFERENCES account (id),
            CONSTRAINT fk_adjustment_payee_account_id
                FOREIGN KEY (payee_account_id) REFERENCES account (id),
            CONSTRAINT ck_adjustment_amount_is_something CHECK (amount_minor > 0),
            CONSTRAINT ck_adjustment_status CHECK (status IN ('pending', 'posted', 'rejected')),
            CONSTRAINT ck_adjustment_moves_something CHECK (payer_account_id <> payee_account_id),
            CONSTRAINT ck_adjustment_decided
                CHECK ((status = 'pending') = (decided_by IS NULL)
                    AND (status = 'pending') = (decided_at IS NULL)
                    AND (status = 'posted') = (transfer_id IS NOT NULL)),
            CONSTRAINT ck_adjustment_two_eyes
                CHECK (status <> 'posted' OR decided_by <> proposed_by)
        )
        """
    )
    op.execute("CREATE INDEX ix_adjustment_created_at ON adjustment (created_at DESC, id DESC)")


def downgrade() -> None:
    """Drop the table; the transfers that adjustments have posted stay."""
    op.execute("DROP TABLE adjustment")
