"""Shapes what the API of transfers takes and gives."""

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from finance.domain.transactions.transactions import Transaction
from finance.domain.transactions.transfers import TransferDraft
from finance.schemas.texts import EntryText
from finance.schemas.transactions.transactions import TransactionAnswer
from kit.web.fields import AmountText
from kit.web.schemas import Model
from kit.web.times import RangeEdge

_EXAMPLE: dict[str, Any] = {
    "from_account_id": "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
    "to_account_id": "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e10",
    "amount": "5000.00",
    "date": "2026-01-31",
    "description": "To the savings",
}


class TransferRequest(Model):
    """A transfer between two own accounts to be booked."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    from_account_id: UUID
    to_account_id: UUID
    amount: AmountText = Field(description="What leaves.")
    to_amount: AmountText | None = Field(
        None, description="What arrives, where the accounts have two currencies."
    )
    date: RangeEdge | None = Field(None, description="A day, or a moment. By default today.")
    description: EntryText | None = None

    def draft(self) -> TransferDraft:
        """Return what its owner has written."""
        return TransferDraft(
            from_account_id=self.from_account_id,
            to_account_id=self.to_account_id,
            amount=self.amount,
            to_amount=self.to_amount,
            when=self.date,
            description=self.description,
        )


class TransferSidesAnswer(Model):
    """Both sides of a transfer, which share their `transfer_id`."""

    leaves: TransactionAnswer
    arrives: TransactionAnswer

    @classmethod
    def of(cls, pair: tuple[Transaction, Transaction]) -> "TransferSidesAnswer":
        """Return a pair as its owner sees it."""
        leaves, arrives = (TransactionAnswer.of(one, {}) for one in pair)
        return cls.model_construct(leaves=leaves, arrives=arrives)
