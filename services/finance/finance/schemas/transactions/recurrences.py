"""Shapes what the API of recurring transactions takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from finance.domain.transactions.recurrence_drafts import RecurrenceDraft
from finance.domain.transactions.recurrences import Every, Recurrence
from finance.domain.transactions.transactions import TransactionType
from finance.schemas.texts import EntryText, Tags
from finance.schemas.transactions.transactions import BookedType
from kit.money import decimal_text
from kit.web.fields import AmountText, Changed
from kit.web.schemas import Model
from kit.web.times import CalendarDay

_ID = "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f"
_EXAMPLE: dict[str, Any] = {
    "account_id": _ID,
    "type": "expense",
    "amount": "45000.00",
    "category_id": _ID,
    "description": "Rent",
    "tags": [],
    "every": "month",
    "interval": 1,
    "anchor_day": 1,
    "next_date": "2026-02-01",
    "end_date": None,
    "is_active": True,
}
_ANCHOR = (
    "Of the month, where months or years are counted; in a shorter month its last. By default the"
    " day of `next_date`."
)

Interval = Annotated[int, Field(ge=1, le=100, description="So many of `every` between two.")]
AnchorDay = Annotated[int, Field(ge=1, le=31)]


class RecurrenceRequest(Model):
    """A transaction that books itself again and again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    account_id: UUID
    type: BookedType | None = Field(None, description="By default that of the category.")
    amount: AmountText = Field(description="In the currency of the account.")
    category_id: UUID | None = None
    description: EntryText | None = None
    tags: Tags = Field([])
    every: Every = Every.MONTH
    interval: Interval = 1
    anchor_day: AnchorDay | None = Field(None, description=_ANCHOR)
    next_date: CalendarDay = Field(description="The first day; up to a year ago.")
    end_date: CalendarDay | None = Field(None, description="The last day that may be.")
    is_active: bool = Field(default=True, description="Whether it books itself.")

    def draft(self) -> RecurrenceDraft:
        """Return what its owner has written."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return RecurrenceDraft(**{**fields, "tags": tuple(self.tags)})


class RecurrenceChange(Model):
    """The fields to change; fields not named stay.

    One that is made active again goes on from today: what was missed meanwhile is not booked.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": "47000.00"}]})

    account_id: Changed[UUID] = None
    type: Changed[BookedType] = None
    amount: Changed[AmountText] = None
    category_id: UUID | None = None
    description: EntryText | None = None
    tags: Changed[Tags] = None
    every: Changed[Every] = None
    interval: Changed[Interval] = None
    anchor_day: AnchorDay | None = Field(None, description=_ANCHOR)
    next_date: Changed[CalendarDay] = None
    end_date: CalendarDay | None = None
    is_active: Changed[bool] = None

    def changes(self) -> dict[str, Any]:
        """Return the fields of the draft to change."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        if "tags" in changes:
            changes["tags"] = tuple(changes["tags"])
        return changes


class RecurrenceAnswer(Model):
    """A transaction that books itself again and again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    **_EXAMPLE,
                    "currency": "RUB",
                    "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    id: UUID
    account_id: UUID
    type: TransactionType
    amount: str
    currency: str
    category_id: UUID | None
    description: str | None
    tags: list[str]
    every: Every
    interval: int
    anchor_day: int
    next_date: date = Field(description="The first day that is not yet booked.")
    end_date: date | None
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, entry: Recurrence) -> "RecurrenceAnswer":
        """Return an entry as its owner sees it."""
        return cls.model_construct(
            id=entry.id,
            account_id=entry.account_id,
            type=entry.type,
            amount=decimal_text(abs(entry.amount_minor), entry.currency),
            currency=entry.currency,
            category_id=entry.category_id,
            description=entry.description,
            tags=list(entry.tags),
            every=entry.every,
            interval=entry.interval,
            anchor_day=entry.anchor_day,
            next_date=entry.next_date,
            end_date=entry.end_date,
            is_active=entry.is_active,
            created_at=entry.created_at,
            updated_at=entry.updated_at,
        )
