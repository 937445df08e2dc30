"""The specification "store with a bank's webhook", sentence by sentence, on the real stack.

Each test quotes what it shows. What differs from the wording stands in README.md, and why in
deploy/SPECIFICATIONS.md. What it says of setting up (poetry, docker-compose, `alembic upgrade`) is
shown by tests/e2e/test_readme.py and tests/contract.
"""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
from deploy.stack import Stack

from kit import signatures
from kit.ids import new_id
from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person


def login(name: str) -> dict[str, str]:
    return {"username": name, "password": PASSWORD}


@pytest.fixture
async def tea(keeper: Keeper) -> str:
    """A product of 40.00, five of it."""
    return await keeper.product("40.00", 5)


async def test_who_registers_gets_a_link_and_is_not_active_before_it_is_opened(
    http: httpx.AsyncClient,
) -> None:
    """Регистрация (по паролю и логину, возвращает ссылку активации); метод POST на эндпонт /users.
    После регистрации пользователь создаётся в не активном состоянии. Становится активным переходя
    по ссылке полученной с регистрации."""
    name = f"store-{new_id().hex[-8:]}"
    registered = await http.post("/users", json=login(name))
    assert registered.status_code == 201
    assert registered.json()["user"]["status"] == "pending"
    refused = await http.post("/auth", json=login(name))
    assert (refused.status_code, refused.json()["code"]) == (403, "user_pending")
    assert (await http.get(registered.json()["activation"]["url"])).status_code == 200
    assert (await http.post("/auth", json=login(name))).status_code == 200


async def test_logins_are_unique(http: httpx.AsyncClient, alice: Person) -> None:
    """Логины пользователей уникальны."""
    for name in (alice.username, alice.username.upper()):
        answer = await http.post("/users", json=login(name))
        assert (answer.status_code, answer.json()["code"]) == (409, "username_taken")


async def test_logging_in_gives_a_jwt_and_protected_endpoints_take_it_as_bearer(
    http: httpx.AsyncClient, alice: Person
) -> None:
    """Логин: метод POST на эндпоинт /auth. Авторизация должна быть сделана через JWT. Защищённые
    эндпоинты должны получать токен в заголовке Authorization в Bearer формате."""
    answer = await http.post("/auth", json=login(alice.username))
    assert answer.json()["token_type"].lower() == "bearer"
    token = answer.json()["access_token"]
    assert token.count(".") == 2
    for scheme, status in (("Bearer", 200), ("Token", 401)):
        headers = {"Authorization": f"{scheme} {token}"}
        assert (await http.get("/users/me", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/products/buy"),
        ("GET", "/users/me"),
        ("GET", "/users"),
        ("POST", "/products"),
        ("PUT", "/users/01990000-0000-7000-8000-000000000000"),
    ],
)
async def test_endpoints_are_protected(http: httpx.AsyncClient, method: str, path: str) -> None:
    """Защищённые эндпоинты должны получать токен."""
    assert (await http.request(method, path)).status_code == 401


async def test_users_look_through_the_products(alice: Person, keeper: Keeper, tea: str) -> None:
    """Просмотр списка товаров: метод GET на эндпоинт /products."""
    hidden = await keeper.product("1.00", 1, is_active=False)
    found = [one["id"] for one in (await alice.get("/products", limit=100)).json()["items"]]
    assert tea in found
    assert hidden not in found


async def test_buying_takes_the_price_from_the_balance(
    alice: Person, keeper: Keeper, tea: str
) -> None:
    """Покупка товара, просто списывает с баланса стоимость товара … метод POST на эндпоинт
    /products/buy."""
    await alice.top_up("100.00")
    body, headers = {"product_id": tea}, {"Idempotency-Key": f"spec-{new_id()}"}
    first, again = [await alice.post("/products/buy", body, headers) for _ in range(2)]
    assert (first.status_code, first.json()["status"]) == (201, "paid"), first.text
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    [item] = first.json()["items"]
    assert (item["product_id"], item["price"], item["quantity"]) == (tea, "40.00", 1)
    assert (await alice.balance(), await alice.held()) == (Decimal("60.00"), 0)
    assert await keeper.stock(tea) == 4


async def test_without_enough_money_nothing_is_bought(
    alice: Person, keeper: Keeper, tea: str
) -> None:
    """… при условии наличия на балансе счёта достаточного количества средств."""
    await alice.top_up("39.99")
    answer = await alice.post("/products/buy", {"product_id": tea})
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_funds")
    assert (await alice.balance(), await alice.held()) == (Decimal("39.99"), 0)
    assert await keeper.stock(tea) == 5


async def test_everybody_sees_the_balance_of_all_their_accounts_and_their_transactions(
    alice: Person, tea: str
) -> None:
    """Просмотр баланса всех счетов и историю транзакций … GET на эндпоинт /users/me … данные о
    текущем пользователе, всех его счетах и транзакциях."""
    await alice.top_up("100.00")
    await alice.post("/v1/wallets", {"name": "Savings", "currency": "USD"})
    assert (await alice.post("/products/buy", {"product_id": tea})).status_code == 201
    me = (await alice.get("/users/me", expand="orders")).json()
    assert (me["id"], me["username"]) == (alice.user_id, alice.username)
    shown = {one["currency"]: one for one in me["wallets"]}
    assert {code: one["balance"]["amount"] for code, one in shown.items()} == {
        "RUB": "60.00",
        "USD": "0.00",
    }
    assert [one["amount"] for one in shown["RUB"]["entries"]] == ["-40.00", "100.00"]
    assert [(one["status"], one["total"]) for one in me["orders"]] == [("paid", "40.00")]


async def test_a_webhook_of_an_outside_service_credits_an_account_by_its_number(
    stack: Stack, http: httpx.AsyncClient, alice: Person
) -> None:
    """Зачисление средств на счёт, выполняется с помощью эндпоинта [POST] /payment/webhook …
    добавлено дополнительное свойство numerical_id для сущностей, используемых при интеграции с
    вебхуком."""
    wallet = await alice.wallet()
    assert isinstance(wallet["number"], int)
    told = {
        "transaction_id": f"t-{new_id()}",
        "wallet_number": wallet["number"],
        "amount": "99.50",
        "currency": "RUB",
    }
    body = orjson.dumps(told)
    secret = stack.env_of("wallet")["WALLET_BANK_SECRET"]
    signed = {
        "Content-Type": "application/json",
        "Bank-Signature": signatures.sign(secret, body, datetime.now(UTC)),
    }
    forged = {**signed, "Bank-Signature": signatures.sign("other", body, datetime.now(UTC))}
    for headers, status in ((forged, 401), (signed, 200), (signed, 200)):
        answer = await http.post("/payment/webhook", content=body, headers=headers)
        assert answer.status_code == status, answer.text
    assert await alice.balance() == Decimal("99.50")


async def test_an_administrator_sees_all_products(keeper: Keeper, tea: str) -> None:
    """Видеть все товары."""
    hidden = await keeper.product("1.00", 1, is_active=False)
    listed = (await keeper.ask("GET", "/products?limit=100")).json()["items"]
    assert {tea, hidden} <= {one["id"] for one in listed}
    assert (await keeper.ask("GET", f"/products/{hidden}")).json()["is_active"] is False


async def test_an_administrator_makes_edits_and_deletes_products(
    alice: Person, keeper: Keeper
) -> None:
    """Создавать/редактировать/удалять товары: CRUD View на эндпоинтах /products и
    /products/<pk>."""
    made = await keeper.ask("POST", "/products", {"name": "Jam", "price": "5.00", "stock": 1})
    assert made.status_code == 201
    path = f"/products/{made.json()['id']}"
    assert (await keeper.ask("PUT", path, {"price": "6.00"})).json()["price"] == "6.00"
    assert (await alice.get(path)).json()["price"] == "6.00"
    assert (await alice.http.delete(path, headers=alice.headers)).status_code == 403
    assert (await keeper.ask("DELETE", path)).status_code == 204
    assert (await alice.get(path)).status_code == 404


async def test_an_administrator_turns_users_off_and_on(
    http: httpx.AsyncClient, alice: Person, keeper: Keeper
) -> None:
    """Включать/отключать пользователей: методом PUT на эндпоинте /users/<pk>."""
    path = f"/users/{alice.user_id}"
    for is_active, status in ((False, 403), (True, 200)):
        changed = await keeper.ask("PUT", path, {"is_active": is_active})
        assert changed.status_code == 200
        assert (await http.post("/auth", json=login(alice.username))).status_code == status
    refused = await http.put(path, json={"is_active": True}, headers=alice.headers)
    assert refused.status_code in {401, 403}


async def test_an_administrator_sees_all_users_and_their_accounts(
    alice: Person, keeper: Keeper
) -> None:
    """Видеть всех пользователей и их счета: методом GET на эндпоинте /users."""
    await alice.top_up("7.00")
    users = (await keeper.ask("GET", "/users?limit=100")).json()["items"]
    [shown] = [one for one in users if one["id"] == alice.user_id]
    assert [one["balance"]["amount"] for one in shown["wallets"]] == ["7.00"]
    assert (await alice.get("/users")).status_code == 403


async def test_the_api_has_documents_by_openapi(http: httpx.AsyncClient) -> None:
    """Openapi документация. Redoc и Swagger доступны по эндпоинтам /docs и /docs/swagger."""
    for path, viewer in (("/docs", "swagger"), ("/docs/swagger", "swagger"), ("/redoc", "redoc")):
        answer = await http.get(path)
        assert (answer.status_code, viewer in answer.text.lower()) == (200, True)


async def test_keys_are_uuids_and_what_webhooks_name_has_a_number(alice: Person, tea: str) -> None:
    """В качестве первичного ключа сущностей используется UUID."""
    wallet = await alice.wallet()
    order = await alice.order((tea, 1))
    assert all(UUID(text) for text in (alice.user_id, wallet["id"], tea, order["id"]))
    assert (await alice.get("/v1/auth/me")).json()["number"] > 0


async def test_migrations_are_alembics(stack: Stack) -> None:
    """Менеджер миграций alembic."""
    connection = await asyncpg.connect(stack.postgres_url.rsplit("/", 1)[0] + "/saldo")
    try:
        version = await connection.fetchval("SELECT version_num FROM shop.alembic_version")
    finally:
        await connection.close()
    assert version is not None
