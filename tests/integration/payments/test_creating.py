from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.room import AUTH, WALLET, Room

from contracts.payments import PaymentCreated
from kit.ids import new_id
from payments.repository import Listeners
from testkit.pump import sent


def asked(to: UUID, **changes: Any) -> dict[str, Any]:
    body = {"payee": {"user_id": str(to)}, "amount": "150.00", "currency": "RUB"}
    return body | changes


async def test_a_payment_is_written_down_and_told_and_moves_nothing(
    room: Room, alice: UUID, bob: UUID
) -> None:
    answer = await room.post(
        alice,
        "/v1/payments",
        json=asked(
            bob,
            payee={"username": "BOB"},
            card_last4="4242",
            card_holder="ALICE LIDDELL",
            description="Tickets\nfor two",
            metadata={"order": "A-7", "seats": 2, "vip": True, "note": None},
        ),
    )
    assert answer.status_code == 201
    body = answer.json()
    assert answer.headers["location"] == f"/v1/payments/{body['id']}"
    assert (body["status"], body["status_label"]) == ("created", "Created")
    assert (body["amount"], body["currency"], body["direction"]) == ("150.00", "RUB", "out")
    assert body["payer"] == {"user_id": str(alice), "username": "alice"}
    assert body["payee"] == {"user_id": str(bob), "username": "bob", "wallet_id": None}
    assert (body["card_last4"], body["card_holder"]) == ("4242", "ALICE LIDDELL")
    assert body["metadata"] == {"order": "A-7", "seats": 2, "vip": True, "note": None}
    assert body["created_at"].endswith("Z")
    assert (await room.seen(alice, UUID(body["id"]))) == body
    [told] = await sent(room.database, PaymentCreated)
    assert told.message == PaymentCreated(
        payment_id=UUID(body["id"]),
        payer_id=alice,
        payee_id=bob,
        amount_minor=15000,
        currency="RUB",
        at=room.clock.now(),
    )
    assert (told.subject, told.sequence) == (body["id"], 1)
    await room.settle()
    assert room.wallet.heard == []


async def test_the_payee_sees_neither_card_nor_metadata_nor_from_which_wallet(
    room: Room, alice: UUID, bob: UUID
) -> None:
    wallet_id = await room.opens(alice)
    payment_id = await room.create(
        alice,
        bob,
        card_last4="4242",
        card_holder="ALICE",
        metadata={"a": "b"},
        from_wallet_id=str(wallet_id),
    )
    mine, theirs = await room.seen(alice, payment_id), await room.seen(bob, payment_id)
    hidden = {"card_last4", "card_holder", "metadata", "from_wallet_id", "reason_label"}
    hidden |= {"failure_reason", "cancellation_reason", "method", "next_action", "lines"}
    hidden |= {"returned_amount", "return_status"}
    assert mine.keys() - theirs.keys() == hidden
    assert (mine["direction"], theirs["direction"]) == ("out", "in")
    [listed] = (await room.get(bob, "/v1/payments", direction="in")).json()["items"]
    assert listed == theirs


async def test_the_status_is_said_in_the_callers_language(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    answer = await room.ask(
        alice, "GET", f"/v1/payments/{payment_id}", headers={"Accept-Language": "ru"}
    )
    assert answer.json()["status_label"] == "Создан"


async def test_business_refusals_store_and_tell_nothing(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    pending = await room.arrives("pending", "pending")
    outside.post(f"{AUTH}/v1/auth/token").respond(json={"access_token": "t", "expires_in": 300})
    outside.get(f"{AUTH}/internal/users").respond(
        json={"user_id": str(pending), "number": 3, "username": "pending", "status": "pending"}
    )
    mine, theirs = str(await room.opens(alice)), str(await room.opens(bob))
    for changes, code in (
        ({"payee": {"username": "alice"}}, "payee_is_payer"),
        ({"payee": {"username": "pending"}}, "payee_not_active"),
        ({"currency": "USD", "payee": {"wallet_id": theirs}}, "currency_mismatch"),
        ({"currency": "USD", "from_wallet_id": mine}, "currency_mismatch"),
        ({"from_wallet_id": theirs}, "wallet_not_found"),
    ):
        answer = await room.post(alice, "/v1/payments", json=asked(bob, **changes))
        assert answer.json()["code"] == code
    assert await room.count("payment") == 0
    assert await sent(room.database, PaymentCreated) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "paid by 4111 1111 1111 1111"},
        {"card_holder": "4111 1111 1111 1111"},
        {"card_last4": "4111 1111 1111 1111"},
        {"metadata": {"card": "4111 1111 1111 1111"}},
    ],
)
async def test_a_full_card_number_is_neither_stored_nor_logged_nor_repeated(
    room: Room,
    alice: UUID,
    bob: UUID,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
) -> None:
    answer = await room.post(
        alice,
        "/v1/payments",
        json=asked(bob, **changes),
        headers={"Idempotency-Key": "with-a-card"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    [fault] = answer.json()["errors"]
    assert fault["code"] == "card_number_refused"
    told = answer.text + "".join(capsys.readouterr())
    assert "1111 1111" not in told
    assert "11111111" not in told
    assert await room.count("payment") == 0
    assert await room.count("idempotency") == 0


@pytest.mark.check(6, 50)
async def test_values_that_the_server_decides_are_refused(
    room: Room, alice: UUID, bob: UUID
) -> None:
    for name in ("status", "id", "payer_id", "user_id", "created_at", "fee", "version"):
        answer = await room.post(alice, "/v1/payments", json=asked(bob, **{name: "paid"}))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/{name}"
    assert await room.count("payment") == 0


async def test_scripts_that_need_joiners_and_marks_can_write_names(
    room: Room, alice: UUID, bob: UUID
) -> None:
    for holder in ("ИВАН ПЕТРОВ", "می\u200cخواهم", "O'NEILL-GARCÍA", "कृष्‍ण"):
        payment_id = await room.create(alice, bob, card_holder=holder)
        assert (await room.seen(alice, payment_id))["card_holder"] == holder


class TestNotToldYet:
    """Auth and wallet are asked about people and wallets that no event has told of."""

    @pytest.fixture
    def auth(self, outside: respx.MockRouter) -> respx.Route:
        outside.post(f"{AUTH}/v1/auth/token").respond(
            json={"access_token": "own-token", "expires_in": 300}
        )
        return outside.get(f"{AUTH}/internal/users")

    @pytest.fixture
    def wallets(self, outside: respx.MockRouter) -> respx.Route:
        return outside.get(url__startswith=f"{WALLET}/internal/wallets/")

    @staticmethod
    def user(user_id: UUID, username: str = "newcomer", status: str = "active") -> dict[str, Any]:
        return {"user_id": str(user_id), "number": 7, "username": username, "status": status}

    @pytest.mark.parametrize("by", ["username", "user_id"])
    async def test_a_payee_registered_a_moment_ago_can_be_paid(
        self, room: Room, alice: UUID, auth: respx.Route, by: str
    ) -> None:
        newcomer = new_id()
        auth.respond(json=self.user(newcomer))
        name = {"username": "newcomer", "user_id": str(newcomer)}[by]
        answer = await room.post(alice, "/v1/payments", json=asked(alice, payee={by: name}))
        assert answer.status_code == 201
        assert answer.json()["payee"]["username"] == "newcomer"
        [call] = auth.calls
        assert call.request.headers["authorization"] == "Bearer own-token"
        assert call.request.headers["x-request-id"] == answer.headers["x-request-id"]
        key = {"username": "username", "user_id": "id"}[by]
        assert dict(call.request.url.params) == {key: name}

    async def test_a_payer_nobody_has_told_of_can_pay_one_told_of(
        self, room: Room, bob: UUID, auth: respx.Route
    ) -> None:
        answer = await room.post(new_id(), "/v1/payments", json=asked(bob))
        assert answer.status_code == 201
        assert answer.json()["payer"]["username"] is None
        assert not auth.called

    async def test_a_payee_activated_a_moment_ago_can_be_paid(
        self, room: Room, alice: UUID, auth: respx.Route
    ) -> None:
        pending = await room.arrives("slow", "pending")
        auth.respond(json=self.user(pending, "slow"))
        answer = await room.post(alice, "/v1/payments", json=asked(pending))
        assert answer.status_code == 201

    async def test_who_has_taken_over_a_name_is_told_of_a_payment_to_it(
        self, room: Room, alice: UUID, auth: respx.Route
    ) -> None:
        await room.arrives("shared", "disabled")
        async with room.database.unit_of_work() as uow:
            await Listeners(uow).add([heir := new_id()], are_all=True)
        auth.respond(json=self.user(heir, "shared"))
        answer = await room.post(
            alice, "/v1/payments", json=asked(alice, payee={"username": "shared"})
        )
        assert answer.status_code == 201, answer.text
        await room.settle()
        [told] = room.published(PaymentCreated)
        assert told.message.payee_id == heir

    async def test_a_payer_disabled_for_certain_can_not_pay(
        self, room: Room, bob: UUID, auth: respx.Route
    ) -> None:
        disabled = await room.arrives("mallory", "disabled")
        auth.respond(json=self.user(disabled, "mallory", "disabled"))
        answer = await room.post(disabled, "/v1/payments", json=asked(bob))
        assert (answer.status_code, answer.json()["code"]) == (403, "payer_not_active")

    async def test_wallets_opened_a_moment_ago_can_be_named(
        self, room: Room, alice: UUID, auth: respx.Route, wallets: respx.Route
    ) -> None:
        newcomer, mine, theirs = new_id(), new_id(), new_id()
        owners = {str(mine): alice, str(theirs): newcomer}

        def answer_for(request: httpx.Request) -> httpx.Response:
            wallet_id = request.url.path.rpartition("/")[2]
            owner_id = str(owners[wallet_id])
            known = {"id": wallet_id, "owner_id": owner_id, "currency": "RUB", "status": "active"}
            return httpx.Response(200, json=known)

        wallets.mock(side_effect=answer_for)
        auth.respond(json=self.user(newcomer))
        body = asked(alice, payee={"wallet_id": str(theirs)}, from_wallet_id=str(mine))
        answer = await room.post(alice, "/v1/payments", json=body)
        assert answer.status_code == 201
        assert answer.json()["payee"]["user_id"] == str(newcomer)
        assert answer.json()["payee"]["wallet_id"] == str(theirs)
        assert answer.json()["from_wallet_id"] == str(mine)

    @pytest.mark.parametrize("by", ["username", "user_id", "wallet_id"])
    async def test_a_payment_to_nobody_is_refused(
        self, room: Room, alice: UUID, auth: respx.Route, wallets: respx.Route, by: str
    ) -> None:
        auth.respond(404)
        wallets.respond(404)
        body = asked(alice, payee={by: str(new_id())})
        answer = await room.post(alice, "/v1/payments", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "payee_not_found")

    @pytest.mark.usefixtures("auth")
    async def test_the_houses_own_accounts_are_nobodys(
        self, room: Room, alice: UUID, wallets: respx.Route
    ) -> None:
        wallets.respond(
            json={"id": str(new_id()), "owner_id": None, "currency": "RUB", "status": "active"}
        )
        body = asked(alice, payee={"wallet_id": str(new_id())})
        answer = await room.post(alice, "/v1/payments", json=body)
        assert answer.json()["code"] == "payee_not_found"

    @pytest.mark.parametrize(
        "reply",
        [
            httpx.ConnectError("refused"),
            httpx.ReadTimeout("slow"),
            httpx.Response(500),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, json={"user_id": "x"}),
        ],
    )
    async def test_without_an_answer_the_caller_may_try_again(
        self, room: Room, alice: UUID, auth: respx.Route, reply: Any
    ) -> None:
        auth.mock(side_effect=[reply])
        answer = await room.post(alice, "/v1/payments", json=asked(new_id()))
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert await room.count("payment") == 0

    async def test_a_name_that_two_users_seem_to_have_is_asked_about(
        self, room: Room, alice: UUID, auth: respx.Route
    ) -> None:
        await room.arrives("same")
        second = await room.arrives("Same")
        auth.respond(json=self.user(second, "Same"))
        body = asked(alice, payee={"username": "same"})
        answer = await room.post(alice, "/v1/payments", json=body)
        assert answer.json()["payee"]["user_id"] == str(second)
