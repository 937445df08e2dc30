"""Owns the field types that services share: amounts, currencies, return URLs.

Only `kit.money` reads amounts into minor units.
"""

import re
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Self, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializationInfo,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from kit.money import (
    CURRENCIES,
    DEFAULT_CURRENCY,
    AmountRefused,
    CurrencyUnknown,
    Money,
    decimal_text,
    example_amount,
    is_plain_decimal,
)
from kit.refusals import FieldFault, Refusal, ValidationFailed
from kit.web.schemas import Model

_MAX_AMOUNT_LENGTH = 64
# The pattern of amounts, as `kit.money.is_plain_decimal` has them.
AMOUNT: Final = r"^(0|[1-9][0-9]*)(\.[0-9]+)?$"
# A request is dumped in this context when it is compared with another.
COMPARED: Final[Mapping[str, bool]] = {"compared": True}
_UUID: Final = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# The pattern of a list of one to a hundred ids, separated by commas.
IDS: Final = f"^{_UUID}(,{_UUID}){{0,99}}$"


def split_ids(text: str) -> list[UUID]:
    """Return the ids of a text that matches IDS."""
    return [UUID(one) for one in text.split(",")]


def refuse_field(code: str, en: str, ru: str, *, field: str | None = None) -> PydanticCustomError:
    """Return the error by which a validator refuses a value, with texts.

    `field` names the field where the validator checks a whole model. The texts never hold the value
    itself.
    """
    return PydanticCustomError("saldo", "{en}", {"code": code, "en": en, "ru": ru, "field": field})


def refuse_by(refusal: Refusal, fault: FieldFault) -> PydanticCustomError:
    """Return the error by which a validator refuses with one fault of a refusal."""
    field = fault.pointer.removeprefix("/")
    return refuse_field(refusal.code, fault.detail_en, fault.detail_ru, field=field)


def _not_null(value: Any) -> Any:
    if value is None:
        raise refuse_field("malformed", "Must not be null.", "Не может быть null.")
    return value


def never_null(schema: dict[str, Any]) -> None:
    """Say in a field's schema that it may be left out, and is not null."""
    schema.pop("default", None)
    given = [one for one in schema.pop("anyOf") if one != {"type": "null"}]
    schema |= given[0] | schema if len(given) == 1 else {"anyOf": given}


T = TypeVar("T")
# A field that may be left out of a change, and is then None; null itself is refused.
Changed = Annotated[T | None, AfterValidator(_not_null), Field(json_schema_extra=never_null)]


def money_in(amount: str, currency: str, *, field: str) -> Money:
    """Return the amount of a field, for a validator that knows its currency.

    Raises:
        PydanticCustomError: it is no amount of that currency; it names the field.
    """
    try:
        return Money.parse(amount, currency)
    except AmountRefused as refusal:
        en, ru = refusal.detail("en"), refusal.detail("ru")
        raise refuse_field(refusal.code, en, ru, field=field) from None


def money_in_stored(amount: str, currency: str, *, field: str) -> Money:
    """Return the amount of a field whose currency is a stored object's.

    Raises:
        ValidationFailed: it is no amount of that currency; it names the field.
    """
    try:
        return Money.parse(amount, currency)
    except AmountRefused as refusal:
        en, ru = refusal.detail("en"), refusal.detail("ru")
        fault = FieldFault(f"/{field}", refusal.code, en, ru)
        raise ValidationFailed(errors=[fault]) from None


_PORT: Final = (
    "0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
)
_HEX: Final = "[0-9A-Fa-f]{1,4}"
_IPV6: Final = "|".join(
    [
        *(f"({_HEX}:){{7}}{_HEX}", f"({_HEX}:){{1,7}}:", f":(:{_HEX}){{1,7}}", "::"),
        *(f"({_HEX}:){{1,{7 - after}}}(:{_HEX}){{1,{after}}}" for after in range(1, 7)),
    ]
)
# ASCII, a scheme, a host, a port that there is, and no name or password. Brackets are around an
# address of IPv6, and nowhere else.
_RETURN_URL: Final = re.compile(
    rf"^[Hh][Tt][Tt][Pp][Ss]?://([!$-.0-9;=A-Z^-~]+|\[({_IPV6})\])(:({_PORT})?)?"
    r"([/?#][!#-;=?-\[\]-~]*)?$"
)
RETURN_URL: Final[JsonDict] = {"pattern": _RETURN_URL.pattern}


# What JSON Schema can say of `each_once`.
UNIQUE: Final[JsonDict] = {"uniqueItems": True}


def each_once(given: list[T] | None) -> list[T] | None:
    """Accept a list that names nothing twice."""
    if given is not None and len(set(given)) != len(given):
        raise refuse_field("repeated", "Name each once.", "Укажите каждое один раз.")
    return given


def require_each_currency_once(limits: Collection[object], by_currency: Collection[str]) -> None:
    """Refuse a list of limits that names a currency twice."""
    if len(by_currency) != len(limits):
        raise refuse_field(
            "repeated_currency",
            "Name each currency once.",
            "Укажите каждую валюту один раз.",
            field="limits",
        )


def return_url(text: str, *, field: str | None = None) -> str:
    """Return a return URL: absolute http(s), printable ASCII, no credentials.

    `field` as in `refuse_field`.
    """
    if not _RETURN_URL.fullmatch(text):
        raise refuse_field(
            "return_url_invalid",
            "Must be an absolute address such as https://shop.example/thanks.",
            "Должен быть полный адрес, например https://shop.example/thanks.",
            field=field,
        )
    return text


def compared_by(meaning: Callable[[str], str]) -> PlainSerializer:
    """Return a serializer by which texts of one meaning are equal in comparisons.

    It has an effect only where requests are compared.
    """

    def written(text: str, info: SerializationInfo) -> str:
        return meaning(text) if info.context == COMPARED else text

    return PlainSerializer(written, return_type=str)


def _same_amount(text: str) -> str:
    """Return the shortest spelling of an amount: `150` for `150.00` and `150.0`."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amount(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_AMOUNT_LENGTH or not is_plain_decimal(value):
        refusal = AmountRefused(example=example_amount(DEFAULT_CURRENCY))
        raise refuse_field(refusal.code, refusal.detail("en"), refusal.detail("ru"))
    return value


def _currency(value: Any) -> str:
    if not isinstance(value, str) or value not in CURRENCIES:
        refusal = CurrencyUnknown(example=DEFAULT_CURRENCY)
        raise refuse_field(refusal.code, refusal.detail("en"), refusal.detail("ru"))
    return value


AmountText = Annotated[
    str,
    Field(
        description="Decimal string with at most the currency's number of decimals.",
        pattern=AMOUNT,
        max_length=_MAX_AMOUNT_LENGTH,
        examples=["150.00"],
    ),
    BeforeValidator(_amount),
    compared_by(_same_amount),
]

CurrencyCode = Annotated[
    str,
    Field(description="ISO 4217 code.", pattern="^[A-Z]{3}$", examples=["RUB"]),
    BeforeValidator(_currency),
]


class AmountFields(Model):
    """The fields `amount` and `currency` of a request, checked together.

    The amount has at most the currency's number of decimals.
    """

    amount: AmountText
    currency: CurrencyCode = DEFAULT_CURRENCY

    @cached_property
    def money(self) -> Money:
        """The amount in minor units, read once."""
        return Money.parse(self.amount, self.currency)

    @model_validator(mode="after")
    def _has_an_amount(self) -> Self:
        try:
            self.money  # noqa: B018 - what is read here stays at hand
        except AmountRefused as refusal:
            raise refuse_by(refusal, refusal.errors[0]) from None
        return self


class MoneyObject(Model):
    """An amount as an object of its own: `{"amount", "currency"}`."""

    amount: str = Field(examples=["150.00"])
    currency: str = Field(examples=["RUB"])

    @classmethod
    def of(cls, minor: int, currency: str) -> "MoneyObject":
        """Return an amount of minor units, in its one spelling."""
        return cls.model_construct(amount=decimal_text(minor, currency), currency=currency)
