"""Shapes the query of the list of payments, and reads it into a filter."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema

from kit.money import is_plain_decimal
from kit.span import Span
from kit.web.fields import AMOUNT, IDS, CurrencyCode, refuse_field
from kit.web.queries import PageQuery, SpanFilters, old_name
from kit.web.times import RangeEdge, span
from payments.domain.filters import Direction, PaymentFilter
from payments.domain.payment import PaymentStatus

_LONGEST_AMOUNT = 24


def _whole_units(value: Any) -> Any:
    if not isinstance(value, str) or len(value) > _LONGEST_AMOUNT or not is_plain_decimal(value):
        raise refuse_field(
            "amount_invalid",
            "Write the amount as a decimal, such as 150.00.",
            "Запишите сумму десятичной дробью, например 150.00.",
        )
    return Decimal(value)


WholeUnits = Annotated[
    Decimal,
    BeforeValidator(_whole_units),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": AMOUNT,
            "maxLength": _LONGEST_AMOUNT,
            "examples": ["150.00"],
        }
    ),
]


class PaymentFilters(SpanFilters):
    """Filters of payments; the span is by when they were created."""

    old_names: ClassVar[Mapping[str, str]] = {"created_from": "begin", "created_to": "end"}

    id: str | None = Field(None, pattern=IDS, description="Payments' ids, separated by commas.")
    status: PaymentStatus | None = None
    direction: Direction = Field(
        Direction.ALL, description="Paid by the caller (out), to the caller (in), or both."
    )
    created_from: RangeEdge | None = old_name("from")
    created_to: RangeEdge | None = old_name("to")
    amount_min: WholeUnits | None = Field(None, description="In whole units of any currency.")
    amount_max: WholeUnits | None = Field(None, description="In whole units of any currency.")
    currency: CurrencyCode | None = None
    payer: str | None = Field(None, max_length=64, description="A user's id or username.")
    payee: str | None = Field(None, max_length=64, description="A user's id or username.")
    wallet_id: UUID | None = Field(
        None, description="A wallet that the payment names, or that its money moved from or to."
    )
    transfer_id: UUID | None = Field(
        None, description="The wallet's transfer that paid or refunded it."
    )
    search: str | None = Field(
        None, min_length=2, max_length=100, description="Part of the description, in any case."
    )
    disputed: bool | None = Field(
        None, description="Whether the owner of a card has disputed it with their bank."
    )

    @property
    def ids(self) -> list[UUID] | None:
        """The payments asked for; None if the query names none."""
        return None if self.id is None else [UUID(text) for text in self.id.split(",")]

    @property
    def span(self) -> Span:
        """When they were created, under the names of now or of before."""
        return span(self.begin or self.created_from, self.end or self.created_to, self.tz)

    @property
    def wanted(self) -> PaymentFilter:
        """The filters as the repository takes them."""
        created_from, created_to = self.span
        return PaymentFilter(
            direction=self.direction,
            status=self.status,
            currency=self.currency,
            created_from=created_from,
            created_to=created_to,
            amount_min=self.amount_min,
            amount_max=self.amount_max,
            search=self.search,
            is_disputed=self.disputed,
        )


class PaymentsQuery(PaymentFilters, PageQuery):
    """Filters and page of the list of payments."""


class ExportQuery(PaymentFilters):
    """Filters of the file of payments."""

    bom: bool = Field(False, description="Begin with a byte order mark, so that Excel reads UTF-8.")
