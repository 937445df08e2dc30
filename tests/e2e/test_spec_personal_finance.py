"""The specification "personal finance", section by section, through the gateway on the real stack.

Each test quotes what it shows, by the specification's own paths. What differs from the wording
stands in README.md, and why in deploy/SPECIFICATIONS.md. Its §14 is walked in test_edge.py, its
§11 in test_logs.py; the layers of §3 are contracts in pyproject.toml, and that §13's files start
the same as the local runner is in tests/contract/deploy.
"""

import asyncio
import base64
import csv
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from deploy.stack import Stack

from finance.settings import Settings
from kit.ids import new_id
from testkit.people import PASSWORD, Person, eventually

ROOT = Path(__file__).parents[2]
MONTH = {"from": "2026-03-01", "to": "2026-03-31"}
Json = dict[str, Any]


async def made(person: Person, path: str, **body: Any) -> Json:
    """Add something by a literal path, and return it."""
    answer = await person.post(path, body)
    assert answer.status_code == 201, answer.text
    added: Json = answer.json()
    return added


async def asked(
    person: Person, method: str, path: str, body: Any = None, **headers: str
) -> httpx.Response:
    """Send a request as the person; ``headers`` by their names in Python."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await person.http.request(method, path, json=body, headers=person.headers | named)


async def summary(person: Person, path: str = "/reports/summary") -> Json:
    """The totals in roubles of March."""
    answer = await person.get(path, **MONTH)
    assert answer.status_code == 200, answer.text
    [found] = [one for one in answer.json()["currencies"] if one["currency"] == "RUB"]
    return {name: found[name]["amount"] for name in ("income", "expense", "balance")}


class Household:
    """Somebody's accounts, categories and transactions of one month."""

    def __init__(self, person: Person) -> None:
        self.person = person

    async def begin(self) -> "Household":
        self.cash = await made(
            self.person, "/accounts", name="Cash", currency="RUB", opening_balance="1000.00"
        )
        self.food = await made(self.person, "/categories", name="Food", type="expense")
        self.pay = await made(self.person, "/categories", name="Pay", type="income")
        return self

    async def book(self, category: Json, amount: str, date: str, **more: Any) -> Json:
        """Book a transaction of the cash account."""
        body = {"account_id": self.cash["id"], "category_id": category["id"], "amount": amount}
        return await made(self.person, "/transactions", **body, date=date, **more)

    async def balance(self) -> str:
        """What the cash account holds."""
        account = (await self.person.get(f"/accounts/{self.cash['id']}")).json()
        return str(account["balance"]["amount"])


@pytest.fixture
async def home(alice: Person) -> Household:
    return await Household(alice).begin()


def test_2_and_13_the_stack_is_what_it_names() -> None:
    """Python 3.11+, PostgreSQL, Redis, Docker, docker-compose, Nginx, pytest, JWT; S3, CI/CD.

    §13: Dockerfile для backend; docker-compose: backend, postgres, redis.
    """
    assert (ROOT / "deploy/Dockerfile").is_file()
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for service in ("finance", "postgres", "redis", "nginx", "storage"):
        assert re.search(rf"^  {service}:$", compose, re.MULTILINE)


async def test_4_1_a_user_has_email_hash_state_role_and_time(
    stack: Stack, http: httpx.AsyncClient
) -> None:
    """id, email (уникальный), password_hash, is_active, role (user / admin), created_at."""
    person = await Person.arrive(http, "spec", has_email=True)
    me = (await person.get("/v1/auth/me")).json()
    assert {"id", "email", "is_active", "roles", "created_at"} <= me.keys()
    again = {"username": f"x-{new_id().hex[-8:]}", "email": me["email"], "password": PASSWORD}
    assert (await http.post("/auth/register", json=again)).status_code == 409
    url = stack.postgres_url.rsplit("/", 1)[0] + "/saldo"
    connection = await asyncpg.connect(url)
    try:
        stored = await connection.fetchval(
            "SELECT password_hash FROM auth.user_account WHERE id = $1", me["id"]
        )
    finally:
        await connection.close()
    assert stored.startswith("$argon2")


async def test_4_4_transactions_are_indexed_by_user_date_and_account(stack: Stack) -> None:
    """Индексы: user_id, date, account_id."""
    connection = await asyncpg.connect(stack.postgres_url.rsplit("/", 1)[0] + "/saldo")
    try:
        rows = await connection.fetch(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'finance'"
            " AND tablename = 'transaction'"
        )
    finally:
        await connection.close()
    text = "\n".join(row["indexdef"] for row in rows)
    assert "(user_id, date, id)" in text
    assert "(account_id, date, id)" in text


async def test_5_users_register_log_in_and_refresh(http: httpx.AsyncClient) -> None:
    """POST /auth/register; POST /auth/login возвращает access token, refresh token;
    POST /auth/refresh."""
    who = {"username": f"spec-{new_id().hex[-8:]}", "password": PASSWORD}
    registered = await http.post("/auth/register", json=who)
    assert registered.status_code == 201
    assert (await http.get(registered.json()["activation"]["url"])).status_code == 200
    tokens = (await http.post("/auth/login", json=who)).json()
    header = orjson.loads(base64.urlsafe_b64decode(tokens["access_token"].split(".")[0] + "=="))
    assert header["alg"] == "ES256"
    body = {"refresh_token": tokens["refresh_token"]}
    fresh = await http.post("/auth/refresh", json=body)
    assert fresh.status_code == 200
    headers = {"Authorization": f"Bearer {fresh.json()['access_token']}"}
    assert (await http.get("/accounts", headers=headers)).json()["items"] == []


async def test_6_1_accounts_are_made_read_changed_and_deleted(alice: Person) -> None:
    """GET /accounts, POST /accounts, GET /accounts/{id}, PUT /accounts/{id},
    DELETE /accounts/{id}; name, balance, currency, created_at."""
    account = await made(alice, "/accounts", name="Cash", currency="RUB", opening_balance="10.00")
    path = f"/accounts/{account['id']}"
    assert account["balance"] == {"amount": "10.00", "currency": "RUB"}
    assert {"id", "name", "currency", "created_at"} <= account.keys()
    read = await alice.get(path)
    assert read.json() == account
    tag = read.headers["etag"]
    listed = (await alice.get("/accounts")).json()["items"]
    assert [one["id"] for one in listed] == [account["id"]]
    put = await asked(alice, "PUT", path, {"name": "Purse"}, If_Match=tag)
    assert (put.status_code, put.json()["name"]) == (200, "Purse")
    stale = await asked(alice, "PUT", path, {"name": "Bag"}, If_Match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "edit_stale")
    assert (await asked(alice, "DELETE", path)).status_code == 204
    assert (await alice.get(path)).status_code == 404


async def test_6_2_categories_are_made_read_changed_and_deleted(alice: Person) -> None:
    """GET /categories, POST /categories, PUT /categories/{id}, DELETE /categories/{id};
    type (income / expense)."""
    food = await made(alice, "/categories", name="Food", type="expense")
    await made(alice, "/categories", name="Pay", type="income")
    twice = await alice.post("/categories", {"name": "food", "type": "expense"})
    assert (twice.status_code, twice.json()["code"]) == (409, "category_exists")
    path = f"/categories/{food['id']}"
    put = await asked(alice, "PUT", path, {"name": "Groceries"})
    assert put.json()["name"] == "Groceries"
    listed = (await alice.get("/categories", type="expense")).json()["items"]
    assert [one["name"] for one in listed] == ["Groceries"]
    assert (await asked(alice, "DELETE", path)).status_code == 204
    assert (await alice.get(path)).status_code == 404


async def test_6_3_transactions_are_made_read_listed_and_deleted(home: Household) -> None:
    """GET /transactions (фильтрация по дате, по счету, пагинация), POST /transactions,
    GET /transactions/{id}, DELETE /transactions/{id}."""
    alice = home.person
    pay = await home.book(home.pay, "500.00", "2026-03-01")
    lunch = await home.book(home.food, "120.50", "2026-03-02", description="Lunch")
    await home.book(home.food, "1.00", "2026-04-01")
    assert await home.balance() == "1378.50"
    assert (await alice.get(f"/transactions/{lunch['id']}")).json() == lunch
    first = (await alice.get("/transactions", **MONTH, account_id=home.cash["id"], limit=1)).json()
    assert [one["id"] for one in first["items"]] == [lunch["id"]]
    query = {**MONTH, "limit": 1, "cursor": first["next_cursor"], "account_id": home.cash["id"]}
    second = (await alice.get("/transactions", **query)).json()
    assert [one["id"] for one in second["items"]] == [pay["id"]]
    assert second["next_cursor"] is None
    assert (await asked(alice, "DELETE", f"/transactions/{lunch['id']}")).status_code == 204
    assert (await alice.get(f"/transactions/{lunch['id']}")).status_code == 404
    assert await home.balance() == "1499.00"


async def test_6_balances_are_right_whoever_writes_at_once(home: Household) -> None:
    """balance: opening and income less expense, under forty writers and forty who delete."""
    old = await asyncio.gather(*(home.book(home.food, "1.25", "2026-03-05") for _ in range(40)))
    assert await home.balance() == "950.00"
    paths = [f"/transactions/{one['id']}" for one in old]
    gone, _ = await asyncio.gather(
        asyncio.gather(*(asked(home.person, "DELETE", path) for path in paths)),
        asyncio.gather(*(home.book(home.pay, "2.50", "2026-03-06") for _ in range(40))),
    )
    assert {one.status_code for one in gone} == {204}
    assert await home.balance() == "1100.00"
    assert await summary(home.person) == {
        "income": "100.00",
        "expense": "0.00",
        "balance": "100.00",
    }


async def test_7_1_the_report_of_a_period_has_income_expense_and_balance(home: Household) -> None:
    """GET /reports/summary?from=&to= Ответ: общий доход, общий расход, баланс."""
    await home.book(home.pay, "500.00", "2026-03-01")
    await home.book(home.food, "120.50", "2026-03-31")
    await home.book(home.food, "9.99", "2026-04-01")
    expected = {"income": "500.00", "expense": "120.50", "balance": "379.50"}
    assert await summary(home.person) == expected
    assert await summary(home.person, "/v1/finance/reports/summary") == expected


async def test_7_2_the_report_by_category(home: Household) -> None:
    """GET /reports/by-category?from=&to="""
    await home.book(home.food, "75.00", "2026-03-02")
    fuel = await made(home.person, "/categories", name="Fuel", type="expense")
    await home.book(fuel, "25.00", "2026-03-03")
    await home.book(home.food, "9.99", "2026-04-01")
    [found] = (await home.person.get("/reports/by-category", **MONTH)).json()["currencies"]
    assert (found["type"], found["total"]["amount"]) == ("expense", "100.00")
    shown = [(one["category"]["name"], one["amount"], one["share"]) for one in found["categories"]]
    assert shown == [("Food", "75.00", "75.00"), ("Fuel", "25.00", "25.00")]


async def test_8_reports_are_cached_and_never_older_than_ones_own_write(home: Household) -> None:
    """кэширования отчетов, TTL 5–15 минут, инвалидация при создании новой операции."""
    await home.book(home.food, "10.00", "2026-03-02")
    first = await home.person.get("/reports/summary", **MONTH)
    second = await home.person.get("/reports/summary", **MONTH)
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert first.json() == second.json()
    for number in range(2, 5):
        made = await home.book(home.food, "10.00", "2026-03-02")
        assert (await summary(home.person))["expense"] == f"{number}0.00"
    path = f"/transactions/{made['id']}"
    await asked(home.person, "PATCH", path, {"amount": "15.00"})
    assert (await summary(home.person))["expense"] == "45.00"
    await asked(home.person, "DELETE", path)
    assert (await summary(home.person))["expense"] == "30.00"
    assert timedelta(minutes=5) <= Settings().report_ttl <= timedelta(minutes=15)


async def test_9_and_10_a_report_is_exported_in_the_background_to_s3(home: Household) -> None:
    """Генерация отчетов … через брокер сообщений; Экспорт отчетов в CSV, загрузка файлов в S3,
    получение presigned URL."""
    await home.book(home.food, "120.50", "2026-03-02")
    ordered = await home.person.post("/v1/finance/exports", {"report": "by-category", **MONTH})
    assert ordered.status_code == 202, ordered.text

    async def look() -> Json:
        found: Json = (await home.person.get(ordered.headers["location"])).json()
        return found

    export = await eventually(look, lambda one: one["status"] in {"done", "failed"}, within=30)
    assert (export["status"], export["progress"]["rows"]) == ("done", 1)
    async with httpx.AsyncClient() as anybody:
        file = await anybody.get(export["url"])
        assert (file.status_code, file.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        [row] = csv.DictReader(file.text.splitlines())
        assert (row["category"], row["amount"], row["share"]) == ("Food", "120.50", "100.00")
        assert (await anybody.get(export["url"].partition("?")[0])).status_code == 403


async def test_9_mails_are_sent_in_the_background(http: httpx.AsyncClient) -> None:
    """Отправка email."""
    person = await Person.arrive(http, "spec", has_email=True)
    to = f"{person.username}@example.com"
    forgot = await http.post("/v1/auth/password/forgot", json={"email": to})
    assert forgot.status_code == 202

    async def look() -> list[Json]:
        found: list[Json] = (await http.get("/sandbox/mails", params={"to": to})).json()["items"]
        return found

    await eventually(look, bool)


def test_12_and_15_tests_linter_and_images_are_a_pipeline() -> None:
    """unit, integration; запуск тестов, линтер, билд Docker образа."""
    for kind in ("unit", "integration"):
        assert list((ROOT / "tests" / kind / "finance").rglob("test_*.py"))
    text = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert {"run: make check", "run: .ci/run"} <= set(
        re.findall(r"run: \S+(?: \S+)?$", text, re.MULTILINE)
    )
    assert re.search(r"service: \[.*\bfinance\b.*\]", text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/accounts"),
        ("POST", "/accounts"),
        ("GET", "/categories"),
        ("POST", "/transactions"),
        ("GET", "/reports/summary"),
        ("GET", "/reports/by-category"),
        ("GET", "/v1/finance/exports"),
    ],
)
async def test_16_operations_are_protected(http: httpx.AsyncClient, method: str, path: str) -> None:
    """защита эндпоинтов авторизацией."""
    assert (await http.request(method, path)).status_code == 401


async def test_16_the_schema_was_made_by_migrations(stack: Stack) -> None:
    """миграции БД."""
    connection = await asyncpg.connect(stack.postgres_url.rsplit("/", 1)[0] + "/saldo")
    try:
        stored = await connection.fetchval("SELECT version_num FROM finance.alembic_version")
    finally:
        await connection.close()
    written = (ROOT / "services/finance/migrations/versions").glob("*.py")
    assert stored in {path.stem.split("_")[3] for path in written}


async def test_16_nobody_sees_anothers_money(home: Household, bob: Person) -> None:
    """The other's objects answer as missing ones, and can't be named in a body."""
    for path in (f"/accounts/{home.cash['id']}", f"/categories/{home.food['id']}"):
        assert (await bob.get(path)).status_code == 404
        assert (await asked(bob, "DELETE", path)).status_code == 404
    body = {"account_id": home.cash["id"], "type": "expense", "amount": "1.00"}
    assert (await bob.post("/transactions", body)).status_code == 422
    assert (await bob.get("/reports/summary", **MONTH)).json()["currencies"] == []


async def test_17_all_operations_work_and_are_documented(http: httpx.AsyncClient) -> None:
    """все эндпоинты работают; API задокументировано (Swagger/OpenAPI)."""
    assert (await http.get("/docs")).status_code == 200
    documented = (await http.get("/openapi/finance.json")).json()["paths"]
    for path in (
        "/v1/finance/accounts/{account_id}",
        "/v1/finance/categories/{category_id}",
        "/v1/finance/transactions/{transaction_id}",
        "/v1/finance/reports/summary",
        "/v1/finance/reports/by-category",
        "/v1/finance/exports/{export_id}",
    ):
        assert path in documented
