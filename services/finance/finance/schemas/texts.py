"""Declares the fields that the models of a book have in common."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from finance.domain.dates.zones import is_unambiguous
from finance.domain.transactions.transactions import MOST_TAGS
from kit.money import DEFAULT_CURRENCY, AmountRefused, example_amount, is_plain_decimal
from kit.web.fields import money_in, refuse_field
from kit.web.texts import LINE, TEXT, no_card_number, plain_text, visible_line
from kit.web.times import Zone

LONGEST_NAME: Final = 100
_LONGEST_AMOUNT: Final = 64


def _of_an_area(zone: str) -> str:
    if not is_unambiguous(zone):
        raise refuse_field(
            "zone_unknown",
            "Must be a time zone of an area, such as Europe/Moscow, or UTC.",
            "Должен быть часовой пояс местности, например Europe/Moscow, или UTC.",
        )
    return zone


BookZone = Annotated[Zone, AfterValidator(_of_an_area)]
VisibleLine = Annotated[
    str,
    Field(json_schema_extra=LINE),
    AfterValidator(visible_line),
    AfterValidator(no_card_number),
]
EntryName = Annotated[VisibleLine, Field(max_length=LONGEST_NAME)]
EntryText = Annotated[
    str,
    Field(max_length=500, json_schema_extra=TEXT),
    AfterValidator(plain_text),
    AfterValidator(no_card_number),
]
EntryNote = Annotated[
    str,
    Field(max_length=5_000, json_schema_extra=TEXT, description="For oneself."),
    AfterValidator(plain_text),
    AfterValidator(no_card_number),
]


def _once(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Tags = Annotated[
    list[Annotated[VisibleLine, Field(min_length=1, max_length=50)]],
    Field(max_length=MOST_TAGS, description="Each is kept once.", examples=[["weekend"]]),
    AfterValidator(_once),
]


def bounds_in(
    currency: str | None, amount_min: str | None, amount_max: str | None
) -> tuple[int | None, int | None]:
    """Return the bounds of amounts in minor units, each None where none is given.

    They are refused without a currency, where that one can't have them, and in the wrong order.
    """
    low = _bound_in(currency, amount_min, field="amount_min")
    high = _bound_in(currency, amount_max, field="amount_max")
    if low is not None and high is not None and low > high:
        raise refuse_field(
            "range_invalid",
            "Must not be less than amount_min.",
            "Не может быть меньше amount_min.",
            field="amount_max",
        )
    return low, high


def _bound_in(currency: str | None, amount: str | None, *, field: str) -> int | None:
    if amount is None:
        return None
    if currency is None:
        raise refuse_field(
            "required",
            "Name the currency that the amounts are in.",
            "Укажите валюту, в которой даны суммы.",
            field="currency",
        )
    return money_in(amount, currency, field=field).minor


def _signed_amount(value: Any) -> str:
    is_text = isinstance(value, str) and len(value) <= _LONGEST_AMOUNT
    if not is_text or not is_plain_decimal(value.removeprefix("-")):
        refusal = AmountRefused(example=example_amount(DEFAULT_CURRENCY))
        raise refuse_field(refusal.code, refusal.detail("en"), refusal.detail("ru"))
    return str(value)


SignedAmountText = Annotated[
    str,
    Field(
        description="Decimal string, negative for what is owed.",
        pattern=r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$",
        max_length=_LONGEST_AMOUNT,
        examples=["-120.00"],
    ),
    BeforeValidator(_signed_amount),
]
