"""Shapes what the API of transactions takes and gives."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from finance.domain.transactions.drafts import SplitDraft, TransactionDraft
from finance.domain.transactions.transactions import (
    MOST_SPLITS,
    Split,
    Transaction,
    TransactionOrigin,
    TransactionType,
)
from finance.schemas.texts import EntryNote, EntryText, Tags
from kit.money import decimal_text
from kit.web.fields import AmountText, Changed, refuse_field
from kit.web.schemas import Model
from kit.web.times import RangeEdge

_ID = "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f"
_EXAMPLE: dict[str, Any] = {
    "account_id": _ID,
    "type": "expense",
    "amount": "350.00",
    "category_id": _ID,
    "description": "Lunch",
    "note": None,
    "date": "2026-01-31",
    "tags": ["weekend"],
    "splits": [],
}
_DATE = "A day, or a moment, whose day in the book's zone it then has."

BookedType = Literal[TransactionType.INCOME, TransactionType.EXPENSE]


class SplitRequest(Model):
    """A part of a transaction to be booked, for a category of its own."""

    category_id: UUID
    amount: AmountText
    description: EntryText | None = None

    def draft(self) -> SplitDraft:
        """Return the part as the domain takes it."""
        return SplitDraft(self.category_id, self.amount, self.description)


class SplitAnswer(Model):
    """A part of a transaction, in the transaction's currency."""

    category_id: UUID
    amount: str = Field(examples=["350.00"])
    description: str | None

    @classmethod
    def of(cls, split: Split, currency: str) -> "SplitAnswer":
        """Return a part as its owner sees it."""
        return cls.model_construct(
            category_id=split.category_id,
            amount=decimal_text(abs(split.amount_minor), currency),
            description=split.description,
        )


class _Placed(Model):
    """What says where a transaction belongs: one category, or parts with one each."""

    @model_validator(mode="after")
    def _in_one_way(self) -> Self:
        if getattr(self, "category_id", None) is not None and getattr(self, "splits", None):
            raise refuse_field(
                "at_most_one",
                "Name one category, or parts; not both.",
                "Укажите одну категорию или части, но не то и другое.",
                field="splits",
            )
        return self


class TransactionRequest(_Placed):
    """A transaction to be booked."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    account_id: UUID
    type: BookedType | None = Field(None, description="By default that of the category.")
    amount: AmountText = Field(description="In the currency of the account.")
    category_id: UUID | None = None
    description: EntryText | None = None
    note: EntryNote | None = None
    date: RangeEdge | None = Field(None, description=f"{_DATE} By default today.")
    tags: Tags = Field([])
    splits: list[SplitRequest] = Field(
        [], max_length=MOST_SPLITS, description="Parts that add up to the amount."
    )

    def draft(self) -> TransactionDraft:
        """Return what its owner has written."""
        return TransactionDraft(
            account_id=self.account_id,
            type=self.type,
            amount=self.amount,
            category_id=self.category_id,
            description=self.description,
            note=self.note,
            when=self.date,
            tags=tuple(self.tags),
            splits=tuple(one.draft() for one in self.splits),
        )


class TransactionChange(_Placed):
    """The fields to change; fields not named stay.

    A category takes the place of parts, and parts that of a category. Of a wallet's movement only
    `category_id`, `splits`, `tags` and `note` may change, of a transfer only `date`, `description`,
    `tags` and `note`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"category_id": _ID}]})

    account_id: Changed[UUID] = None
    type: Changed[BookedType] = None
    amount: Changed[AmountText] = None
    category_id: UUID | None = None
    description: EntryText | None = None
    note: EntryNote | None = None
    date: Changed[RangeEdge] = Field(None, description=_DATE)
    tags: Changed[Tags] = None
    splits: Changed[Annotated[list[SplitRequest], Field(max_length=MOST_SPLITS)]] = None

    def changes(self) -> dict[str, Any]:
        """Return the fields of the draft to change."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        if "date" in changes:
            changes["when"] = changes.pop("date")
        if "tags" in changes:
            changes["tags"] = tuple(changes["tags"])
        if "splits" in changes:
            changes["splits"] = tuple(one.draft() for one in changes["splits"])
        return changes


class Counterparty(Model):
    """Who is on the other side of a wallet's movement."""

    user_id: UUID
    username: str | None = Field(description="Null: the shop, or somebody who is deleted.")


class TransactionAnswer(Model):
    """A transaction of one's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    **_EXAMPLE,
                    "direction": None,
                    "currency": "RUB",
                    "at": None,
                    "transfer_id": None,
                    "origin": "manual",
                    "is_linked": False,
                    "counterparty": None,
                    "reference": None,
                    "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    id: UUID
    account_id: UUID
    type: TransactionType
    direction: Literal["out", "in"] | None = Field(
        description="Of a transfer: whether money leaves the account, or arrives."
    )
    amount: str
    currency: str
    category_id: UUID | None
    description: str | None
    note: str | None
    date: date
    at: datetime | None = Field(description="The moment, where one is known.")
    tags: list[str]
    splits: list[SplitAnswer]
    transfer_id: UUID | None = Field(description="What both sides of a transfer have in common.")
    origin: TransactionOrigin
    is_linked: bool = Field(description="Whether it is a wallet's movement.")
    counterparty: Counterparty | None
    reference: str | None = Field(description="Of a movement: the payment that it belongs to.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, one: Transaction, names: Mapping[UUID, str | None]) -> "TransactionAnswer":
        """Return a transaction as its owner sees it; `names` are the usernames of others."""
        is_transfer = one.type is TransactionType.TRANSFER
        other = one.counterparty_id
        return cls.model_construct(
            id=one.id,
            account_id=one.account_id,
            type=one.type,
            direction=("out" if one.amount_minor < 0 else "in") if is_transfer else None,
            amount=decimal_text(abs(one.amount_minor), one.currency),
            currency=one.currency,
            category_id=one.category_id,
            description=one.description,
            note=one.note,
            date=one.day,
            at=one.at,
            tags=list(one.tags),
            splits=[SplitAnswer.of(part, one.currency) for part in one.splits],
            transfer_id=one.transfer_id,
            origin=one.origin,
            is_linked=one.is_linked,
            counterparty=None
            if other is None
            else Counterparty(user_id=other, username=names.get(other)),
            reference=one.reference,
            created_at=one.created_at,
            updated_at=one.updated_at,
        )
