"""Refunds and disputes at the card provider, and what it tells of them."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx
from tests.integration.sandbox.test_cards import PAYMENTS, choose, create, told

REFUND_ID = "0197a8c0-5d1e-7cc3-98c4-dc0c0c073990"
SECRET = "development-webhook-secret-of-the-sandbox"


@pytest.fixture
async def card(http: httpx.AsyncClient, hook: respx.Route) -> str:
    made = str((await create(http))["id"])
    await choose(http, made, "success")
    await told(hook, 2)
    return made


async def news(hook: respx.Route, count: int) -> list[dict[str, Any]]:
    """Return what was told after the payment itself."""
    return (await told(hook, 2 + count))[2:]


async def do(http: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await http.post(f"{PAYMENTS}/{path}", json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(http: httpx.AsyncClient, path: str, **body: Any) -> tuple[int, str]:
    answer = await http.post(f"{PAYMENTS}/{path}", json=body)
    return answer.status_code, answer.json()["code"]


class TestDisputes:
    async def test_without_a_body_all_that_is_left_is_disputed_and_withdrawn(
        self, http: httpx.AsyncClient, hook: respx.Route, card: str
    ) -> None:
        await do(http, f"{card}/refunds", amount="150.00", currency="RUB")
        seen = (await http.post(f"{PAYMENTS}/{card}/dispute")).json()
        assert seen["is_disputed"]
        [dispute] = seen["disputes"]
        assert (dispute["amount"], dispute["is_withdrawn"]) == ("1000.00", True)
        events = await news(hook, 3)
        assert {event["type"] for event in events[1:]} == {
            "dispute.created",
            "dispute.funds_withdrawn",
        }
        assert set(events[-1]) == {"id", "type", "created", "payment", "dispute"}
        assert events[-1]["dispute"] == {
            "id": dispute["id"],
            "amount": "1000.00",
            "currency": "RUB",
            "status": "needs_response",
            "reason": "fraudulent",
        }
        assert "disputes" not in events[-1]["payment"]

    async def test_an_inquiry_takes_no_money_until_it_is_escalated(
        self, http: httpx.AsyncClient, hook: respx.Route, card: str
    ) -> None:
        seen = await do(http, f"{card}/dispute", amount="30.00", warning=True)
        [dispute] = seen["disputes"]
        assert (dispute["status"], dispute["is_withdrawn"]) == ("warning_needs_response", False)
        assert not seen["is_disputed"]
        path = f"{card}/disputes/{dispute['id']}"
        assert await refused(http, f"{path}/withdraw") == (409, "card_move_not_possible")
        [dispute] = (await do(http, f"{path}/escalate"))["disputes"]
        assert (dispute["status"], dispute["is_withdrawn"]) == ("needs_response", True)
        [dispute] = (await do(http, f"{path}/close", outcome="won"))["disputes"]
        assert (dispute["status"], dispute["is_withdrawn"]) == ("won", False)
        assert [event["type"] for event in await news(hook, 4)] == [
            *("dispute.created", "dispute.funds_withdrawn"),
            *("dispute.funds_reinstated", "dispute.closed"),
        ]
        for move in ("escalate", "withdraw", "reinstate", "close"):
            assert await refused(http, f"{path}/{move}") == (409, "card_move_not_possible")

    async def test_an_inquiry_is_closed_as_one(
        self, http: httpx.AsyncClient, hook: respx.Route, card: str
    ) -> None:
        [dispute] = (await do(http, f"{card}/dispute", warning=True))["disputes"]
        seen = await do(http, f"{card}/disputes/{dispute['id']}/close")
        assert seen["disputes"][0]["status"] == "warning_closed"
        closed = (await news(hook, 2))[-1]
        assert (closed["type"], closed["dispute"]["status"]) == ("dispute.closed", "warning_closed")

    async def test_several_disputes_of_parts_never_claim_more_than_was_paid(
        self, http: httpx.AsyncClient, card: str
    ) -> None:
        for _ in range(2):
            await do(http, f"{card}/dispute", amount="500.00", withdraw=False)
        too_much = await refused(http, f"{card}/dispute", amount="150.01")
        assert too_much == (422, "card_dispute_too_large")
        seen = await do(http, f"{card}/dispute", amount="150.00", reason="product_not_received")
        assert [one["is_withdrawn"] for one in seen["disputes"]] == [False, False, True]
        first = seen["disputes"][0]["id"]
        await do(http, f"{card}/disputes/{first}/withdraw")
        await do(http, f"{card}/disputes/{first}/reinstate")
        lost = await do(http, f"{card}/disputes/{first}/close", outcome="lost")
        assert lost["disputes"][0]["status"] == "lost"

    async def test_what_was_refunded_can_be_disputed_and_what_was_withdrawn_not_refunded(
        self, http: httpx.AsyncClient, card: str
    ) -> None:
        await do(http, f"{card}/refunds", amount="60.00", currency="RUB")
        await do(http, f"{card}/dispute", amount="1150.00")
        again = await refused(http, f"{card}/refunds", amount="0.01", currency="RUB")
        assert again == (422, "card_refund_too_large")

    async def test_events_come_late_twice_out_of_order_and_under_one_id(
        self, http: httpx.AsyncClient, hook: respx.Route, card: str
    ) -> None:
        faults = {"late_seconds": 0.01, "twice": True, "out_of_order": True, "repeat_id": True}
        await do(http, f"{card}/dispute", **faults)
        events = await news(hook, 4)
        assert [event["type"] for event in events] == [
            *("dispute.funds_withdrawn", "dispute.funds_withdrawn"),
            *("dispute.created", "dispute.created"),
        ]
        assert len({event["id"] for event in events}) == 1

    async def test_a_dispute_can_be_told_before_the_payment_has(
        self, http: httpx.AsyncClient, hook: respx.Route
    ) -> None:
        card = (await create(http))["id"]
        await choose(http, card, "success", late_seconds=0.2)
        await do(http, f"{card}/dispute")
        events = await told(hook, 4)
        assert [event["type"].partition(".")[0] for event in events] == [
            *("dispute", "dispute", "payment", "payment")
        ]

    async def test_unknown_ones_are_missing_and_there_is_an_end(
        self, http: httpx.AsyncClient, card: str
    ) -> None:
        missing = await refused(http, f"{card}/disputes/dispute_0/close")
        assert missing == (404, "card_dispute_unknown")
        assert (await refused(http, f"{card}/disputes/x/win"))[0] in {404, 422}
        for _ in range(20):
            await do(http, f"{card}/dispute", amount="1.00", withdraw=False)
        assert await refused(http, f"{card}/dispute", amount="1.00") == (
            409,
            "too_many_card_reversals",
        )

    @pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.001", "1,00", "x" * 50, 5])
    async def test_an_amount_that_is_none_is_refused(
        self, http: httpx.AsyncClient, card: str, amount: object
    ) -> None:
        for way in ("dispute", "page-refunds"):
            assert (await refused(http, f"{card}/{way}", amount=amount))[0] == 422


class TestRefunds:
    async def test_one_that_the_shop_asks_for_is_told_with_its_id(
        self, http: httpx.AsyncClient, hook: respx.Route, card: str
    ) -> None:
        made = await do(
            http, f"{card}/refunds", amount="60.00", currency="RUB", refund_id=REFUND_ID
        )
        [event] = await news(hook, 1)
        assert set(event) == {"id", "type", "created", "payment", "refund"}
        assert (event["type"], event["refund"]) == ("refund.created", made)
        assert (made["refund_id"], made["status"]) == (REFUND_ID, "succeeded")
        assert event["payment"]["refunded_amount"] == "60.00"
        assert (await http.get(f"{PAYMENTS}/{card}/refunds/{made['id']}")).json() == made

    async def test_those_of_a_payment_wait_or_fail_where_that_is_wanted(
        self, http: httpx.AsyncClient, hook: respx.Route
    ) -> None:
        card = (await create(http))["id"]
        await choose(http, card, "success", refunds="pending")
        made = await do(http, f"{card}/refunds", amount="60.00", currency="RUB")
        assert made["status"] == "pending"
        path = f"{card}/refunds/{made['id']}/outcome"
        assert (await do(http, path, status="succeeded"))["status"] == "succeeded"
        assert await refused(http, path, status="succeeded") == (409, "card_move_not_possible")
        assert (await do(http, path, status="failed"))["status"] == "failed"
        assert (await http.get(f"{PAYMENTS}/{card}")).json()["refunded_amount"] == "0.00"
        told_of = [event["type"] for event in await told(hook, 5)]
        assert [one for one in told_of if one.startswith("refund")] == [
            *("refund.created", "refund.updated", "refund.failed")
        ]

    async def test_one_made_at_the_providers_page_is_nobodys_of_the_shop(
        self, http: httpx.AsyncClient, hook: respx.Route, card: str
    ) -> None:
        made = await do(http, f"{card}/page-refunds", amount="60.00", status="pending")
        assert made["refund_id"] is None
        rest = (await http.post(f"{PAYMENTS}/{card}/page-refunds")).json()
        assert (rest["amount"], rest["status"]) == ("1090.00", "succeeded")
        too_much = await refused(http, f"{card}/page-refunds", amount="0.01")
        assert too_much == (422, "card_refund_too_large")
        assert {event["refund"]["id"] for event in await news(hook, 2)} == {made["id"], rest["id"]}

    async def test_one_is_found_through_its_own_payment_alone(
        self, http: httpx.AsyncClient, card: str
    ) -> None:
        made = await do(http, f"{card}/refunds", amount="60.00", currency="RUB")
        found = await http.get(f"{PAYMENTS}/{card}/refunds/{made['id']}")
        assert (found.status_code, found.json()) == (200, made)
        other = (await create(http))["id"]
        for path in (f"{other}/refunds/{made['id']}", f"{card}/refunds/no-such"):
            missing = await http.get(f"{PAYMENTS}/{path}")
            assert (missing.status_code, missing.json()["code"]) == (404, "card_refund_unknown")
            move = await refused(http, f"{path}/outcome", status="failed")
            assert move == (404, "card_refund_unknown")

    async def test_a_key_with_another_sum_is_refused_and_there_is_an_end(
        self, http: httpx.AsyncClient, card: str
    ) -> None:
        async def ask(amount: str, key: str) -> httpx.Response:
            headers, body = {"Idempotency-Key": key}, {"amount": amount, "currency": "RUB"}
            return await http.post(f"{PAYMENTS}/{card}/refunds", json=body, headers=headers)

        assert (await ask("1.00", "k")).status_code == 201
        assert (await ask("2.00", "k")).json()["code"] == "card_key_reused"
        for number in range(99):
            assert (await ask("1.00", f"k{number}")).status_code == 201
        assert (await ask("1.00", "more")).json()["code"] == "too_many_card_reversals"
        assert (await ask("1.00", "k")).status_code == 201

    async def test_a_payments_key_with_another_amount_is_refused(
        self, http: httpx.AsyncClient
    ) -> None:
        body = {"amount": "1.00", "currency": "RUB", "return_url": "https://shop.example/"}
        headers = {"Idempotency-Key": "k"}
        for amount, status in (("1.00", 201), ("1.00", 201), ("2.00", 409)):
            answer = await http.post(PAYMENTS, json={**body, "amount": amount}, headers=headers)
            assert answer.status_code == status


class TestPage:
    async def test_its_buttons_play_what_comes_later(
        self, http: httpx.AsyncClient, card: str
    ) -> None:
        async def press(**form: str) -> str:
            answer = await http.post(f"/sandbox/cards/{card}/next", data=form)
            assert answer.status_code == 303, answer.text
            return (await http.get(answer.headers["location"])).text

        page = await press(act="inquire", amount="30.00")
        assert "dispute 30.00: warning_needs_response" in page
        dispute = (await http.get(f"{PAYMENTS}/{card}")).json()["disputes"][0]["id"]
        assert 'value="escalate"' in page
        assert 'value="reinstate"' in await press(act="escalate", id=dispute)
        assert 'value="withdraw"' in await press(act="reinstate", id=dispute)
        assert "dispute 30.00: won" in await press(act="won", id=dispute)
        assert "dispute 10.00: needs_response" in await press(act="dispute", amount="10.00")
        assert "refund 5.00: succeeded" in await press(act="refund", amount="5.00")
        refund = (await http.get(f"{PAYMENTS}/{card}")).json()["refunds"][0]["id"]
        assert "refund 5.00: failed" in await press(act="fail", id=refund)
        again = await http.post(f"/sandbox/cards/{card}/next", data={"act": "fail", "id": refund})
        assert (again.status_code, again.json()["code"]) == (409, "card_move_not_possible")

    async def test_it_plays_nothing_of_a_payment_that_has_not_succeeded(
        self, http: httpx.AsyncClient
    ) -> None:
        card = (await create(http))["id"]
        answer = await http.post(f"/sandbox/cards/{card}/next", data={"act": "dispute"})
        assert (answer.status_code, answer.json()["code"]) == (409, "card_payment_not_succeeded")
        assert 'name="act"' not in (await http.get(f"/sandbox/cards/{card}")).text


class TestEvents:
    async def listed(
        self, http: httpx.AsyncClient, secret: str = SECRET, **times: float
    ) -> httpx.Response:
        """List events; edges of their time are given as events have it, in Unix seconds."""
        headers = {"Authorization": f"Bearer {secret}"}
        query = {
            edge.rstrip("_"): datetime.fromtimestamp(at, UTC).isoformat()
            for edge, at in times.items()
        }
        return await http.get("/sandbox/provider/events", params=query, headers=headers)

    async def test_what_was_told_badly_can_be_read_as_it_should_have_been_told(
        self, http: httpx.AsyncClient, hook: respx.Route, card: str
    ) -> None:
        await do(http, f"{card}/page-refunds", amount="30.00", wrong_signature=True)
        await do(http, f"{card}/dispute", amount="20.00", wrong_signature=True)
        sent = await news(hook, 3)
        seen = (await self.listed(http)).json()
        shown = [
            {name: one[name] for name in one if one[name] is not None} for one in seen["items"]
        ]
        assert shown == sent
        assert not seen["has_more"]
        second, third = (one["created"] for one in sent[1:])
        late = (await self.listed(http, from_=second)).json()["items"]
        assert [one["id"] for one in late] == [one["id"] for one in sent[1:]]
        between = (await self.listed(http, from_=second, to=third)).json()["items"]
        assert [one["id"] for one in between] == [sent[1]["id"]]

    async def test_a_page_holds_a_hundred_and_says_that_there_are_more(
        self, http: httpx.AsyncClient, card: str
    ) -> None:
        for _ in range(52):
            made = await do(http, f"{card}/page-refunds", amount="1.00", status="pending")
            await do(http, f"{card}/refunds/{made['id']}/outcome", status="failed")
        seen = (await self.listed(http)).json()
        assert (len(seen["items"]), seen["has_more"]) == (100, True)
        begin = seen["items"][-1]["created"]
        rest = (await self.listed(http, from_=begin)).json()
        assert (len(rest["items"]), rest["has_more"]) == (5, False)

    async def test_they_are_for_the_shop(self, http: httpx.AsyncClient) -> None:
        answer = await self.listed(http, "of somebody else")
        assert (answer.status_code, answer.json()["code"]) == (401, "card_events_not_yours")
        assert (await http.get("/sandbox/provider/events")).status_code == 401
