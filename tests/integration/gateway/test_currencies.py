"""GET /v1/currencies: what amounts can be in, for everybody."""

from typing import Any

from kit.money import CURRENCIES


async def test_currencies_are_listed_with_their_decimals_for_everybody(
    door: Any, service: Any
) -> None:
    answer = await door.client.get("/v1/currencies")
    assert answer.status_code == 200
    assert answer.json()["next_cursor"] is None
    items = {item["code"]: item for item in answer.json()["items"]}
    assert {code: item["decimals"] for code, item in items.items()} == CURRENCIES
    assert (items["RUB"]["decimals"], items["JPY"]["decimals"], items["KWD"]["decimals"]) == (
        *(2, 0, 3),
    )
    assert [code for code, item in items.items() if item["is_default"]] == ["RUB"]
    assert (await door.client.get("/v1/currencies?code=RUB")).status_code == 422
    assert (await door.client.head("/v1/currencies")).status_code == 200
    assert service.seen == []
