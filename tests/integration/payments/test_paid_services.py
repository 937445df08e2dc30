"""Paid services over the API: who sees, makes and changes them, and payments to them."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import respx
from tests.integration.payments.room import AUTH, ONE, TWO, WALLET, Room

from contracts.wallet import CaptureHold, Transfer
from kit.ids import new_id
from payments.domain.paid_services import HOUSE
from payments.settings import Settings

YES = httpx.Response(200, json={"verdict": "ok"})
PHONE = {"name": "Мобильная связь", "description": "By number", "currency": "RUB"}


async def offer(room: Room, owner: UUID, **more: Any) -> dict[str, Any]:
    answer = await room.post(owner, "/v1/services", json=PHONE | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/services/{found['id']}"
    return found


async def order(room: Room, payer: UUID, service_id: object, **more: Any) -> httpx.Response:
    body = {"payee": {"service_id": str(service_id)}, **more}
    return await room.post(payer, "/v1/payments", json=body)


async def change(room: Room, caller: UUID, service_id: str, **changes: Any) -> httpx.Response:
    return await room.ask(caller, "PATCH", f"/v1/services/{service_id}", json=changes)


async def names(room: Room, **query: Any) -> list[str]:
    answer = await room.http.get("/v1/services", params=query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


class TestOffering:
    async def test_a_service_is_offered_and_seen_by_anybody(self, room: Room, bob: UUID) -> None:
        made = await offer(room, bob, price="590.00")
        assert made["price"] == "590.00"
        assert made["owner_id"] == str(bob)
        assert (made["wallet_id"], made["is_active"]) == (None, True)
        seen = await room.http.get(f"/v1/services/{made['id']}")
        assert (seen.status_code, seen.json()) == (200, made)
        assert (await room.http.get("/v1/services")).json()["items"] == [made]

    async def test_the_same_key_makes_one_service(self, room: Room, bob: UUID) -> None:
        asked = {"json": PHONE, "headers": {"Idempotency-Key": "phone"}}
        answers = [await room.post(bob, "/v1/services", **asked) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert await room.count("biller") == 1

    async def test_without_a_token_nothing_is_offered(self, room: Room) -> None:
        answer = await room.http.post("/v1/services", json=PHONE)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert await room.count("biller") == 0

    async def test_where_services_are_open_the_house_offers_what_nobody_in_particular_makes(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        room.service.web.state.settings = Settings(_env_file=None, open_services=True)
        answer = await room.http.post("/v1/services", json=PHONE)
        assert (answer.status_code, answer.json()["owner_id"]) == (201, str(HOUSE))
        assert (await offer(room, bob))["owner_id"] == str(bob)
        paid = (await order(room, alice, answer.json()["id"], amount="10.00")).json()
        assert paid["payee"] == {"user_id": str(HOUSE), "username": None, "wallet_id": None}
        assert (await change(room, bob, answer.json()["id"], name="Mine")).status_code == 403

    async def test_a_wallet_of_the_owner_in_its_currency_may_be_named(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        roubles, dollars = await room.opens(bob), await room.opens(bob, "USD")
        made = await offer(room, bob, wallet_id=str(roubles))
        paid = (await order(room, alice, made["id"], amount="10.00")).json()
        assert paid["payee"]["wallet_id"] == made["wallet_id"] == str(roubles)
        for caller, wallet, code in (
            (bob, dollars, "currency_mismatch"),
            (alice, roubles, "wallet_not_found"),
        ):
            body = PHONE | {"wallet_id": str(wallet)}
            answer = await room.post(caller, "/v1/services", json=body)
            assert answer.json()["code"] == code
        assert (await change(room, bob, made["id"], wallet_id=None)).json()["wallet_id"] is None

    async def test_a_wallet_that_no_event_has_told_of_is_asked_about(
        self, room: Room, bob: UUID, outside: respx.MockRouter
    ) -> None:
        wallet_id = new_id()
        token = {"access_token": "t", "expires_in": 300}
        outside.post(f"{AUTH}/v1/auth/token").respond(json=token)
        outside.get(f"{WALLET}/internal/wallets/{wallet_id}").respond(
            json={"id": str(wallet_id), "owner_id": str(bob), "currency": "RUB"}
        )
        assert (await offer(room, bob, wallet_id=str(wallet_id)))["wallet_id"] == str(wallet_id)


class TestChanging:
    async def test_the_owner_changes_what_is_named(self, room: Room, bob: UUID) -> None:
        made = await offer(room, bob)
        room.clock.advance(5)
        changed = await change(room, bob, made["id"], price="650.00", name="Phone")
        assert changed.status_code == 200
        expected = {**made, "name": "Phone", "price": "650.00"}
        assert {**changed.json(), "updated_at": made["updated_at"]} == expected
        assert changed.json()["updated_at"] > made["updated_at"]
        assert (await room.http.get(f"/v1/services/{made['id']}")).json() == changed.json()
        assert await names(room, search="phone") == ["Phone"]
        assert await names(room, search="связь") == []

    async def test_an_admin_may_and_a_stranger_may_not(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        made = await offer(room, bob)
        refused = await change(room, alice, made["id"], is_active=False)
        assert (refused.status_code, refused.json()["code"]) == (403, "only_owner_may_edit")
        admin = await room.admin()
        assert (await change(room, admin, made["id"], is_active=False)).status_code == 200

    async def test_what_is_not_there_or_makes_no_sense_is_refused(
        self, room: Room, bob: UUID
    ) -> None:
        missing = await change(room, bob, str(new_id()), name="x")
        assert (missing.status_code, missing.json()["code"]) == (404, "service_not_found")
        seen = await room.http.get(f"/v1/services/{new_id()}")
        assert (seen.status_code, seen.json()["code"]) == (404, "service_not_found")
        made = await offer(room, bob)
        for changes, pointer in (
            ({"price": "1.234"}, "/price"),
            ({"name": None}, "/name"),
            ({"currency": "USD"}, "/currency"),
            ({"owner_id": str(bob)}, "/owner_id"),
        ):
            answer = await change(room, bob, made["id"], **changes)
            assert answer.status_code == 422
            assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_changes_at_once_are_all_kept(self, room: Room, bob: UUID) -> None:
        made = await offer(room, bob)
        changes: list[dict[str, Any]] = [
            {"name": "Phone"},
            {"price": "5.00"},
            {"description": "New"},
            {"is_active": False},
        ]
        await asyncio.gather(*(change(room, bob, made["id"], **one) for one in changes))
        seen = (await room.http.get(f"/v1/services/{made['id']}")).json()
        for one in changes:
            assert one.items() <= seen.items()


class TestListing:
    async def test_pages_go_on_where_they_ended_newest_first(self, room: Room, bob: UUID) -> None:
        for number in range(5):
            await offer(room, bob, name=f"Service {number}")
            room.clock.advance(1)
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 2}
        while True:
            page = await room.http.get("/v1/services", params=query)
            seen += [item["name"] for item in page.json()["items"]]
            if page.json()["next_cursor"] is None:
                break
            assert page.headers["link"].endswith('rel="next"')
            query["cursor"] = page.json()["next_cursor"]
        assert seen == [f"Service {number}" for number in reversed(range(5))]
        strange = await room.http.get("/v1/services", params={**query, "search": "x"})
        assert (strange.status_code, strange.json()["code"]) == (400, "cursor_invalid")

    async def test_it_is_narrowed_by_words_owner_and_whether_it_is_offered(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        await offer(room, bob)
        await offer(room, alice, name="Internet 100 %", description=None)
        await offer(room, bob, name="Gone", is_active=False)
        assert await names(room) == ["Internet 100 %", PHONE["name"]]
        assert await names(room, search="СВЯЗЬ") == await names(room, search="NUMBER")
        assert await names(room, search="100 %") == ["Internet 100 %"]
        assert await names(room, search="%") == ["Internet 100 %"]
        assert await names(room, owner_id=str(bob)) == [PHONE["name"]]
        assert await names(room, owner_id=str(bob), is_active=False) == ["Gone"]


class TestPaying:
    @pytest.mark.parametrize("asked", [{}, {"amount": "590.00"}, {"currency": "RUB"}])
    async def test_a_service_with_a_price_costs_that(
        self, room: Room, alice: UUID, bob: UUID, asked: dict[str, str]
    ) -> None:
        made = await offer(room, bob, price="590.00")
        answer = await order(room, alice, made["id"], **asked)
        assert answer.status_code == 201
        payment = answer.json()
        assert (payment["amount"], payment["currency"]) == ("590.00", "RUB")
        assert payment["service"] == {"id": made["id"], "name": made["name"]}
        assert payment["payee"]["username"] == "bob"
        assert (await room.seen(bob, UUID(payment["id"])))["service"] == payment["service"]

    @pytest.mark.parametrize(
        "case",
        [
            ({"price": "590.00"}, {"amount": "591.00"}, "service_price_differs"),
            ({"price": "590.00"}, {"currency": "USD"}, "currency_mismatch"),
            ({}, {}, "service_amount_missing"),
            ({"currency": "USD"}, {"amount": "5.00"}, "currency_mismatch"),
            ({"is_active": False}, {"amount": "5.00"}, "service_not_active"),
        ],
    )
    async def test_what_does_not_fit_the_service_is_refused(
        self,
        room: Room,
        alice: UUID,
        bob: UUID,
        case: tuple[dict[str, Any], dict[str, str], str],
    ) -> None:
        service, asked, code = case
        made = await offer(room, bob, **service)
        answer = await order(room, alice, made["id"], **asked)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert await room.count("payment") == 0

    async def test_an_unknown_service_and_ones_own_are_refused(self, room: Room, bob: UUID) -> None:
        unknown = await order(room, bob, new_id(), amount="5.00")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "service_not_found")
        own = await order(room, bob, (await offer(room, bob))["id"], amount="5.00")
        assert (own.status_code, own.json()["code"]) == (422, "payee_is_payer")

    async def test_without_an_amount_only_services_are_paid(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        answer = await room.post(alice, "/v1/payments", json={"payee": {"user_id": str(bob)}})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/amount"

    async def test_a_small_payment_for_a_service_is_checked_outside(
        self, room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
    ) -> None:
        one = outside.post(ONE).mock(return_value=YES)
        two = outside.post(TWO).mock(return_value=YES)
        made = await offer(room, bob, price="1.00")
        payment_id = UUID((await order(room, alice, made["id"])).json()["id"])
        await room.pay(alice, payment_id)
        await room.settle()
        await room.check()
        assert await room.status(alice, payment_id) == "paid"
        assert room.wallet.kinds == ["PlaceHold", "CaptureHold"]
        assert (one.call_count, two.call_count) == (1, 1)

    async def test_the_ledger_is_told_which_service_was_paid_and_refunded(
        self, room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
    ) -> None:
        for url in (ONE, TWO):
            outside.post(url).mock(return_value=YES)
        made = await offer(room, bob, price="1.00")
        payment_id = UUID((await order(room, alice, made["id"])).json()["id"])
        await room.pay(alice, payment_id)
        await room.settle()
        await room.check()
        await room.carried(room.post(bob, f"/v1/payments/{payment_id}/refunds"))
        _, paid, refunded = room.wallet.heard
        assert isinstance(paid, CaptureHold)
        assert isinstance(refunded, Transfer)
        assert paid.purpose == refunded.purpose == f"service:{made['id']}"

    async def test_what_is_no_longer_offered_is_no_longer_paid(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        made = await offer(room, bob, price="1.00")
        payment_id = UUID((await order(room, alice, made["id"])).json()["id"])
        await change(room, bob, made["id"], is_active=False)
        refused = await room.pay(alice, payment_id)
        assert (refused.status_code, refused.json()["code"]) == (422, "service_not_active")
        assert await room.status(alice, payment_id) == "created"
        await change(room, bob, made["id"], is_active=True, price="2.00")
        assert (await room.pay(alice, payment_id)).status_code == 202

    async def test_a_repeated_request_gets_its_first_answer_whatever_became_of_the_service(
        self, room: Room, alice: UUID, bob: UUID
    ) -> None:
        made = await offer(room, bob, price="1.00")
        asked = {"headers": {"Idempotency-Key": "k"}}
        body = {"payee": {"service_id": made["id"]}}
        first = await room.post(alice, "/v1/payments", json=body, **asked)
        await change(room, bob, made["id"], is_active=False)
        again = await room.post(alice, "/v1/payments", json=body, **asked)
        assert (again.status_code, again.json()) == (201, first.json())


async def test_the_database_refuses_what_is_no_service_and_payments_to_none(
    room: Room,
) -> None:
    row = (
        "INSERT INTO biller VALUES (gen_random_uuid(), {name}, NULL, {price}, {currency},"
        " gen_random_uuid(), NULL, true, '', now(), now())"
    )
    good = {"name": "'x'", "price": "1", "currency": "'RUB'"}
    async with room.database.unit_of_work() as uow:
        await uow.execute(row.format(**good))
    for broken in ({"name": "''"}, {"price": "0"}, {"currency": "'rub'"}):
        with pytest.raises(asyncpg.CheckViolationError):
            async with room.database.unit_of_work() as uow:
                await uow.execute(row.format(**good | broken))
