"""kit.web: what a token that is limited to scopes opens."""

from typing import Any

import httpx
import pytest

from kit.ids import derived_id
from kit.web.access import Access
from kit.web.identity import Identity, MaybeCaller
from kit.web.routes import Router

from .conftest import ALICE, TillSettings, bearer, serve, till

READING = bearer("reading key")
WALLET = derived_id("wallet")


class OpenSettings(TillSettings):
    """The till's settings with one that opens an operation."""

    is_open: bool = True


def coins() -> Router:
    """Return operations under the noun coins, and one that is closed to limited tokens."""
    router, closed = Router(tags=["coins"], scope="coins"), Router(tags=["till"])

    async def operation() -> dict[str, str]:
        return {}

    def declare(router: Router, method: str, name: str, access: Access, **more: Any) -> None:
        add = getattr(router, method)
        add(f"/v1/{name}", access=access, operation_id=name, summary="Coins", **more)(operation)

    declare(router, "get", "list_coins", "user")
    declare(router, "post", "drop_coin", "user", status_code=200)
    declare(router, "post", "weigh_coins", "user", status_code=200, scope="coins:read")
    declare(router, "get", "list_all_coins", "admin")
    declare(router, "get", "list_coins_within", "admin", open_by="is_open")
    declare(closed, "get", "show_till", "user")

    @router.get("/v1/look", access="public", operation_id="look", summary="Look")
    async def look(caller: MaybeCaller) -> dict[str, str | None]:
        return {"caller": caller and caller.subject}

    @closed.get("/v1/peek", access="public", operation_id="peek", summary="Peek")
    async def peek(caller: MaybeCaller) -> dict[str, str | None]:
        return {"caller": caller and caller.subject}

    router.routes += closed.routes
    return router


async def ask(method: str, name: str, headers: dict[str, str]) -> httpx.Response:
    app = till(coins())
    app.state.settings = OpenSettings()
    async with serve(app) as client:
        return await client.request(method, f"/v1/{name}", headers=headers)


async def test_a_scope_opens_what_names_it_and_nothing_else() -> None:
    assert (await ask("GET", "list_coins", READING)).status_code == 200
    assert (await ask("POST", "weigh_coins", READING)).status_code == 200
    refused = await ask("POST", "drop_coin", READING)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert "coins:write" in refused.json()["detail"]
    challenge = refused.headers["www-authenticate"]
    assert challenge == 'Bearer error="insufficient_scope", scope="coins:write"'


async def test_what_names_no_scope_is_closed_to_limited_tokens() -> None:
    refused = await ask("GET", "show_till", READING)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_keys")
    assert (await ask("GET", "show_till", bearer("alice"))).status_code == 200


@pytest.mark.parametrize(
    ("token", "code"), [("reading key", "forbidden"), ("limited root", "not_for_keys")]
)
async def test_a_scope_opens_nothing_of_administrators(token: str, code: str) -> None:
    refused = await ask("GET", "list_all_coins", bearer(token))
    assert (refused.status_code, refused.json()["code"]) == (403, code)


async def test_what_a_setting_opens_to_users_a_scope_opens_too() -> None:
    assert (await ask("GET", "list_coins_within", READING)).status_code == 200


async def test_a_public_operation_knows_a_limited_caller_only_by_its_scope() -> None:
    assert (await ask("GET", "look", READING)).json() == {"caller": str(ALICE)}
    assert (await ask("GET", "peek", READING)).json() == {"caller": None}


def test_documents_name_the_scope_of_what_users_may_do() -> None:
    paths = till(coins()).openapi()["paths"]
    named = {path: item.get("x-scope") for path, one in paths.items() for item in one.values()}
    assert named == {
        "/v1/list_coins": "coins:read",
        "/v1/drop_coin": "coins:write",
        "/v1/weigh_coins": "coins:read",
        "/v1/list_all_coins": None,
        "/v1/list_coins_within": "coins:read",
        "/v1/show_till": None,
        "/v1/look": "coins:read",
        "/v1/peek": None,
    }


@pytest.mark.parametrize(
    ("wallets", "wallet", "may"),
    [
        (None, None, True),
        (None, WALLET, True),
        (frozenset({WALLET}), WALLET, True),
        (frozenset({WALLET}), derived_id("other"), False),
        (frozenset({WALLET}), None, False),
    ],
)
def test_a_key_bounded_to_wallets_uses_no_other_and_no_default(
    wallets: Any, wallet: Any, *, may: bool
) -> None:
    key = Identity(str(ALICE), ALICE, None, frozenset(), None, "", wallet_ids=wallets)
    assert key.may_use(wallet) is may
