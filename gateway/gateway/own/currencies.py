"""Answers GET /v1/currencies: the currencies, and the decimals of their amounts."""

from typing import Annotated, Final

from pydantic import BaseModel, Field, WithJsonSchema

from gateway.forwarding.request import ProxiedRequest
from gateway.own.operations import OwnOperation
from gateway.refusals import RateLimited, RequestTooSlow
from kit.money import CURRENCIES, DEFAULT_CURRENCY
from kit.refusals import InternalError, QueryInvalid, Unavailable, ValidationFailed


class Currency(BaseModel):  # noqa: D101 (the document would show it)
    code: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    decimals: Annotated[int, Field(ge=0)]
    is_default: bool


class CurrencyPage(BaseModel):  # noqa: D101 (likewise)
    items: list[Currency]
    next_cursor: Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})]


OPERATION: Final = OwnOperation(
    "/v1/currencies",
    operation_id="list_currencies",
    tag=("currencies", "What amounts can be in."),
    summary="What amounts can be in, and with how many decimals",
    access="public",
    answer=CurrencyPage,
    answers="All of them, on one page",
    example={
        "items": [
            {"code": "JPY", "decimals": 0, "is_default": False},
            {"code": "RUB", "decimals": 2, "is_default": True},
        ],
        "next_cursor": None,
    },
    refusals=(
        QueryInvalid,
        ValidationFailed,
        RequestTooSlow,
        RateLimited,
        Unavailable,
        InternalError,
    ),
)
_ALL: Final = CurrencyPage(
    items=[
        Currency(code=code, decimals=decimals, is_default=code == DEFAULT_CURRENCY)
        for code, decimals in sorted(CURRENCIES.items())
    ],
    next_cursor=None,
)
_BODY: Final = _ALL.model_dump_json().encode()


async def answer(exchange: ProxiedRequest) -> None:
    """Answer all currencies on one page."""
    await exchange.answer_json(200, _BODY)
