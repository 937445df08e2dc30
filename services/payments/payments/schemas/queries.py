"""How the list of payments is asked for: its query, and what the values mean."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from kit.money import is_plain_decimal
from kit.web.fields import CurrencyCode, refuse_field
from kit.web.pagination import DEFAULT_LIMIT, MAX_LIMIT
from kit.web.schemas import Model
from kit.web.times import DEFAULT_ZONE, RangeEdge, Zone, span
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
    BeforeValidator(_whole_units, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "examples": ["150.00"]}),
]


class PaymentFilters(Model):
    """What payments are narrowed by; all that are given must fit."""

    status: PaymentStatus | None = None
    direction: Direction = Field(
        Direction.ALL, description="Paid by the caller (out), to the caller (in), or both."
    )
    begin: RangeEdge | None = Field(
        None, alias="from", description="Created then or later; a day is meant from its start on."
    )
    end: RangeEdge | None = Field(
        None, alias="to", description="Created before then; a day is included as a whole."
    )
    created_from: RangeEdge | None = Field(
        None,
        description="The same as `from`, as it was called before.",
        json_schema_extra={"deprecated": True},
    )
    created_to: RangeEdge | None = Field(
        None,
        description="The same as `to`, as it was called before.",
        json_schema_extra={"deprecated": True},
    )
    tz: Zone = DEFAULT_ZONE
    amount_min: WholeUnits | None = Field(None, description="In units of whatever currency.")
    amount_max: WholeUnits | None = Field(None, description="In units of whatever currency.")
    currency: CurrencyCode | None = None
    payer: str | None = Field(None, max_length=64, description="A user's id, or username.")
    payee: str | None = Field(None, max_length=64, description="A user's id, or username.")
    wallet_id: UUID | None = Field(
        None, description="Named in the payment, or one that its money has moved from or to."
    )
    transfer_id: UUID | None = Field(None, description="That paid it, or gave of it back.")
    search: str | None = Field(
        None, min_length=2, max_length=100, description="Stands in the description; in any case."
    )
    disputed: bool | None = Field(
        None, description="Whether the owner of a card has disputed it with their bank."
    )

    @model_validator(mode="after")
    def _under_one_name(self) -> Self:
        for name, new, old in (
            ("created_from", self.begin, self.created_from),
            ("created_to", self.end, self.created_to),
        ):
            if new is not None and old is not None:
                raise refuse_field(
                    "at_most_one",
                    "Give it once: by its new name alone.",
                    "Укажите один раз: только под новым именем.",
                    field=name,
                )
        return self

    @property
    def wanted(self) -> PaymentFilter:
        """What the list is narrowed by."""
        created = span(self.begin or self.created_from, self.end or self.created_to, self.tz)
        return PaymentFilter(
            direction=self.direction,
            status=self.status,
            currency=self.currency,
            created_from=created.begin,
            created_to=created.end,
            amount_min=self.amount_min,
            amount_max=self.amount_max,
            search=self.search,
            is_disputed=self.disputed,
        )


class PaymentsQuery(PaymentFilters):
    """Filters and page of the list of payments."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Entries of a page at most.")
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before."
    )

    @property
    def filters(self) -> Mapping[str, object]:
        """What a cursor is bound to."""
        return self.model_dump(mode="json", exclude={"limit", "cursor"})


class ExportQuery(PaymentFilters):
    """Filters of the file of payments."""

    bom: bool = Field(
        False, description="Begin with a byte order mark, which Excel knows UTF-8 by."
    )
