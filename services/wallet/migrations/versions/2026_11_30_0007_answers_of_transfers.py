"""Lets a command that has posted a transfer keep that transfer's id instead of its reply.

Replies that are kept already stay as they are.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What wallet itself would have kept: wallet.transfer_posted.v1.
_KEEP_REPLIES = """
UPDATE command SET reply_type = 'wallet.transfer_posted.v1', reply = jsonb_build_object(
    'in_reply_to', command_id, 'transfer_id', transfer_id, 'posted_at', transfer.posted_at,
    'payer_account_id', payer_account_id, 'payee_account_id', payee_account_id,
    'owed_minor', owed_minor, 'reply_kind', NULL,
    'payer_entry', {payer}, 'payee_entry', {payee})
FROM transfer WHERE transfer.id = command.transfer_id
"""
_ENTRY = """(
    SELECT jsonb_build_object('seq', seq, 'balance_after_minor', balance_after_minor)
    FROM entry WHERE entry.account_id = transfer.{side}_account_id AND seq = command.{side}_seq)
"""


def upgrade() -> None:
    """Add the columns. The check reads `command` once."""
    op.execute(
        """
        ALTER TABLE command ALTER COLUMN reply_type DROP NOT NULL,
            ALTER COLUMN reply DROP NOT NULL,
            ADD COLUMN transfer_id uuid, ADD COLUMN payer_seq bigint, ADD COLUMN payee_seq bigint,
            ADD CONSTRAINT ck_command_has_one_answer CHECK (
                (reply IS NULL) = (transfer_id IS NOT NULL)
                AND (reply IS NULL) = (reply_type IS NULL))
        """
    )


def downgrade() -> None:
    """Keep the replies again."""
    op.execute("ALTER TABLE command DROP CONSTRAINT ck_command_has_one_answer")
    payer, payee = _ENTRY.format(side="payer"), _ENTRY.format(side="payee")
    op.execute(_KEEP_REPLIES.format(payer=payer, payee=payee))
    op.execute(
        """
        ALTER TABLE command DROP COLUMN transfer_id, DROP COLUMN payer_seq, DROP COLUMN payee_seq,
            ALTER COLUMN reply_type SET NOT NULL, ALTER COLUMN reply SET NOT NULL
        """
    )
