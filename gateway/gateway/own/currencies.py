"""Answers GET /v1/currencies: the currencies, and the decimals of their amounts."""

from typing import Final

import orjson

from gateway.forwarding.request import ProxiedRequest
from kit.money import CURRENCIES, DEFAULT_CURRENCY

_DOCUMENT: Final = orjson.dumps(
    {
        "items": [
            {"code": code, "decimals": decimals, "is_default": code == DEFAULT_CURRENCY}
            for code, decimals in sorted(CURRENCIES.items())
        ],
        "next_cursor": None,
    }
)


async def answer(exchange: ProxiedRequest) -> None:
    """Answer all currencies on one page."""
    await exchange.answer_json(200, _DOCUMENT)
