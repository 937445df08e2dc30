"""The specification "payment service", sentence by sentence, through the gateway on the real stack.

Each test quotes what it shows. What differs from the wording stands in README.md, and why in
deploy/SPECIFICATIONS.md.
"""

import base64
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
from deploy.stack import Stack

from testkit.people import PASSWORD, Person, eventually

RUSSIAN = {"Accept-Language": "ru"}
TABLE = "payments.payment"


async def stored(stack: Stack, payment_id: str) -> asyncpg.Record:
    """Return a payment's row as PostgreSQL has it."""
    connection = await asyncpg.connect(stack.postgres_url.rsplit("/", 1)[0] + "/saldo")
    try:
        row = await connection.fetchrow(f"SELECT * FROM {TABLE} WHERE id = $1", UUID(payment_id))
    finally:
        await connection.close()
    assert row is not None
    return row


async def test_users_register_and_log_in(http: httpx.AsyncClient) -> None:
    """Реализовать регистрацию и вход пользователей."""
    person = await Person.arrive(http, "spec")
    assert (await person.get("/v1/auth/me")).json()["username"] == person.username


async def test_a_jwt_is_given_after_logging_in(alice: Person) -> None:
    """Выдача токена (JWT или session) после успешного входа."""
    wrong = {"username": alice.username, "password": PASSWORD + "?"}
    assert (await alice.http.post("/v1/auth/login", json=wrong)).status_code == 401
    header, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in alice.token.split("."))
    assert orjson.loads(header)["alg"] == "ES256"
    assert orjson.loads(claims)["sub"] == alice.user_id


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/payments"),
        ("GET", "/v1/payments"),
        ("POST", "/v1/payments/01990000-0000-7000-8000-000000000000/pay"),
        ("POST", "/v1/payments/01990000-0000-7000-8000-000000000000/cancel"),
        ("GET", "/v1/wallets/me"),
        ("GET", "/v1/auth/me"),
    ],
)
async def test_operations_are_protected(http: httpx.AsyncClient, method: str, path: str) -> None:
    """Защита эндпоинтов через middleware или зависимости (Depends)."""
    for headers in ({}, {"Authorization": "Bearer e30.e30.e30"}):
        answer = await http.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_payment_has_card_digits_holder_amount_time_id_and_status(
    stack: Stack, alice: Person, bob: Person
) -> None:
    """Номер карты (4 последних цифры); ФИО владельца карты; сумма платежа; дата и время создания
    (автоматически); уникальный ID платежа; статус: "Создан" (по умолчанию). Данные должны
    сохраняться в PostgreSQL."""
    body = {
        "payee": {"username": bob.username},
        "amount": "150.00",
        "currency": "RUB",
        "card_last4": "4242",
        "card_holder": "Иванова Анна Петровна",
    }
    answer = await alice.post("/v1/payments", body, headers=RUSSIAN)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["status"], made["status_label"]) == ("created", "Создан")
    assert (made["card_last4"], made["card_holder"]) == ("4242", "Иванова Анна Петровна")
    row = await stored(stack, made["id"])
    assert (row["status"], row["amount_minor"], row["currency"]) == ("created", 15000, "RUB")
    assert (row["card_last4"], row["card_holder"]) == (made["card_last4"], made["card_holder"])
    assert row["created_at"].isoformat().replace("+00:00", "Z") == made["created_at"]


@pytest.mark.parametrize(
    "changed",
    [
        {"card_last4": "424"},
        {"card_last4": "4242424242424242"},
        {"card_last4": "abcd"},
        {"card_holder": "Анна\u0007"},
        {"amount": "0.00"},
        {"amount": "-1.00"},
    ],
    ids=str,
)
async def test_what_is_no_payment_is_refused(
    alice: Person, bob: Person, changed: dict[str, str]
) -> None:
    """Пользователь может создать новый платёж со следующими данными."""
    body = {"payee": {"username": bob.username}, "amount": "1.00", "currency": "RUB", **changed}
    assert (await alice.post("/v1/payments", body)).status_code == 422
    assert (await alice.get("/v1/payments")).json()["items"] == []


async def test_a_payment_becomes_paid_or_cancelled_and_its_row_says_so(
    stack: Stack, alice: Person, bob: Person
) -> None:
    """Возможность изменения статуса платежа на "Оплачен" или "Отменен"; при изменении статуса —
    обновляется соответствующая запись в БД."""
    await alice.top_up("100.00")
    paid, cancelled = [await alice.create(bob, "10.00") for _ in range(2)]
    headers = {**RUSSIAN, "Prefer": "wait=10"}
    answer = await alice.post(f"/v1/payments/{paid['id']}/pay", headers=headers)
    assert answer.json()["status_label"] == "Оплачен"
    answer = await alice.post(f"/v1/payments/{cancelled['id']}/cancel", headers=RUSSIAN)
    assert answer.json()["status_label"] == "Отменен"
    assert (await stored(stack, paid["id"]))["status"] == "paid"
    assert (await stored(stack, cancelled["id"]))["status"] == "cancelled"


async def test_what_is_paid_or_cancelled_does_not_change_any_more(
    alice: Person, bob: Person
) -> None:
    """Запрет на изменение уже завершённых платежей ("Оплачен", "Отменен")."""
    await alice.top_up("100.00")
    paid, cancelled = [await alice.create(bob, "10.00") for _ in range(2)]
    await alice.pay(paid["id"], wait=10)
    await alice.cancel(cancelled["id"])
    for payment, status in ((paid, "paid"), (cancelled, "cancelled")):
        for answer in (await alice.pay(payment["id"]), await alice.cancel(payment["id"])):
            assert (answer.status_code, answer.json()["code"]) == (409, "payment_already_final")
        assert (await alice.payment(payment["id"]))["status"] == status
    assert await bob.balance() == Decimal("10.00")


async def test_paying_takes_from_one_balance_and_adds_to_the_other(
    alice: Person, bob: Person
) -> None:
    """При смене статуса платежа баланс у одного пользователя отнимается другому начисляется."""
    await alice.top_up("100.00")
    await alice.pay((await alice.create(bob, "30.00"))["id"], wait=10)
    await alice.cancel((await alice.create(bob, "50.00"))["id"])
    assert (await alice.balance(), await bob.balance()) == (Decimal("70.00"), Decimal("30.00"))


async def test_payer_and_payee_are_notified_of_a_payment_in_the_background(
    http: httpx.AsyncClient,
) -> None:
    """Реализация фоновой задачи (например, отправка уведомления при оплате)."""
    alice, bob = [await Person.arrive(http, name, has_email=True) for name in ("alice", "bob")]
    await alice.top_up("100.00")
    await alice.pay((await alice.create(bob, "30.00"))["id"], wait=10)
    for person, subject, mailed, said in (
        (
            alice,
            "Payment made",
            f"You paid 30.00 RUB to {bob.username}.",
            f"Вы заплатили 30.00 RUB пользователю {bob.username}.",
        ),
        (
            bob,
            "Money received",
            f"You received 30.00 RUB from {alice.username}.",
            f"Вы получили 30.00 RUB от пользователя {alice.username}.",
        ),
    ):
        sink = {"to": f"{person.username}@example.com"}
        answer = await eventually(
            partial(http.get, "/sandbox/mails", params=sink), lambda a: bool(a.json()["items"])
        )
        [mail] = answer.json()["items"]
        assert (mail["subject"], mailed in mail["text"]) == (subject, True)
        headers = {**person.headers, **RUSSIAN}
        shown = await http.get("/v1/notifications", headers=headers)
        assert said in [notice["text"] for notice in shown.json()["items"]]


async def test_all_payments_of_the_caller_are_listed_and_no_others(
    alice: Person, bob: Person
) -> None:
    """Получение всех платежей текущего пользователя."""
    made = [(await alice.create(bob, f"{n}.00"))["id"] for n in range(1, 4)]
    carol = await Person.arrive(alice.http, "carol")
    await carol.create(bob, "9.00")
    assert [p["id"] for p in (await alice.get("/v1/payments")).json()["items"]] == made[::-1]


async def test_the_list_is_narrowed_by_status_date_and_amount(alice: Person, bob: Person) -> None:
    """Фильтрация по статусу, дате, сумме — по желанию."""
    small, large = [await alice.create(bob, amount) for amount in ("1.00", "500.00")]
    await alice.cancel(small["id"])

    async def found(**query: str) -> list[str]:
        return [p["id"] for p in (await alice.get("/v1/payments", **query)).json()["items"]]

    assert await found(status="cancelled") == [small["id"]]
    assert await found(amount_min="100.00", amount_max="600.00") == [large["id"]]
    assert await found(created_from=large["created_at"]) == [large["id"]]
    assert await found(created_to=large["created_at"]) == [small["id"]]


async def test_a_payment_goes_through_a_payment_gateway_with_made_up_answers(
    alice: Person, bob: Person
) -> None:
    """Интеграция с платежным шлюзом (mock-ответы допускаются)."""
    payment = await alice.create(bob, "150.00")
    by_card = {"method": "card", "return_url": "https://shop.example/thanks"}
    sent = await alice.post(f"/v1/payments/{payment['id']}/pay", by_card)
    page = sent.json()["next_action"]["url"]
    assert bob.username in (await alice.http.get(page)).text
    await alice.http.post(page, data={"outcome": "success"})
    assert (await alice.settled(payment["id"]))["status"] == "paid"
    assert (str(await alice.balance()), str(await bob.balance())) == ("0.00", "150.00")


async def test_main_events_are_logged_to_standard_output(
    stack: Stack, alice: Person, bob: Person
) -> None:
    """Логирование основных событий работы сервиса; возможность просмотра логов через
    `docker logs`."""
    payment = await alice.create(bob, "1.00", card_holder="SECRET HOLDER")
    await alice.cancel(payment["id"])
    # What a service writes to its standard output, the runner keeps in a file.
    [log] = [path for path in (stack.local / "log").iterdir() if path.stem == "payments"]
    lines = Path(log).read_text(encoding="utf-8").splitlines()
    about = [line for line in lines if payment["id"] in line]
    for event in ("payments.payment_created.v1", "payments.payment_cancelled.v1"):
        assert any(event in line for line in about)
    assert not any("SECRET HOLDER" in line for line in lines)


async def test_the_schema_was_made_by_migrations(stack: Stack) -> None:
    """Поддержка миграций (например, с помощью Alembic)."""
    connection = await asyncpg.connect(stack.postgres_url.rsplit("/", 1)[0] + "/saldo")
    try:
        version = await connection.fetchval("SELECT version_num FROM payments.alembic_version")
    finally:
        await connection.close()
    assert version is not None


async def test_the_api_is_documented_with_examples(http: httpx.AsyncClient) -> None:
    """Имеет документацию API (Swagger или ReDoc); содержит примеры запросов и ответов."""
    for page in ("/docs", "/redoc"):
        answer = await http.get(page)
        assert answer.status_code == 200
        assert "text/html" in answer.headers["content-type"]
    document = (await http.get("/openapi/payments.json")).json()
    shapes = document["components"]["schemas"]
    assert shapes["PaymentRequest"]["examples"]
    assert shapes["OutgoingPayment"]["examples"]
    assert "/v1/payments/{payment_id}/pay" in document["paths"]
