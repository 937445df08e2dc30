"""The providers against their public documentation, told by respx."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx
import pytest
import respx
from pydantic import SecretStr

from kit import signatures
from kit.outgoing import http_client
from payments.domain.cards.charges import Charge, ChargeStatus, News
from payments.domain.cards.refunds import CardRefund, CardRefundNews, CardRefundStatus
from payments.providers import (
    PaymentProvider,
    ProviderError,
    WebhookRefusedError,
    WebhookUnreadableError,
)
from payments.providers.calls import LONGEST_ANSWER_BYTES, RejectedError
from payments.providers.sandbox import SandboxProvider
from payments.providers.stripe import StripeProvider
from payments.providers.yookassa import Shop, YooKassaProvider

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
STRIPE, YOOKASSA, SANDBOX = (
    "https://api.stripe.test",
    "https://api.yookassa.test/v3",
    "http://s.test",
)
SECRET = "whsec_of_a_test"
CHARGE_ID = UUID("0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03")


def charge(**more: Any) -> Charge:
    known: dict[str, Any] = {
        "id": CHARGE_ID,
        "owner_id": UUID(int=1),
        "provider": "any",
        "amount_minor": 15000,
        "currency": "RUB",
        "description": "bob · " + "tickets " * 100,
        "return_url": "https://shop.example/thanks",
        "expires_at": NOW + timedelta(hours=1),
        "reference": "ref_1",
    }
    return Charge(**known | more)


REFUND_ID = UUID("0197a1df-6a11-7b52-a1c3-5e6f7a8b9c04")
REFUNDS = [
    ("succeeded", CardRefundStatus.DONE),
    ("pending", CardRefundStatus.PENDING),
    ("failed", CardRefundStatus.REFUSED),
    ("canceled", CardRefundStatus.REFUSED),
]


def refund(**more: Any) -> CardRefund:
    known: dict[str, Any] = {"id": REFUND_ID, "charge_id": CHARGE_ID, "amount_minor": 6000}
    return CardRefund(**{**known, "attempts": 1, **more})


@pytest.fixture
def outside() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client() as client:
        yield client


@pytest.fixture
def stripe(client: httpx.AsyncClient) -> StripeProvider:
    return StripeProvider(client, STRIPE, SecretStr("sk_1"), SecretStr(SECRET))


@pytest.fixture
def yookassa(client: httpx.AsyncClient) -> YooKassaProvider:
    return YooKassaProvider(client, YOOKASSA, Shop(id="shop", key=SecretStr("key")))


@pytest.fixture(params=["stripe", "yookassa", "sandbox"])
def any_provider(request: pytest.FixtureRequest, client: httpx.AsyncClient) -> PaymentProvider:
    if request.param == "sandbox":
        return SandboxProvider(client, SANDBOX, SECRET)
    found: PaymentProvider = request.getfixturevalue(request.param)
    return found


@pytest.mark.check(69)
class TestAny:
    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(500),
            httpx.Response(429),
            httpx.Response(401),
            httpx.Response(409),
            httpx.Response(302, headers={"Location": "http://127.0.0.1/"}),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, json={"id": 1}),
            httpx.Response(200, content=b" " * (LONGEST_ANSWER_BYTES + 1)),
        ],
        ids=lambda answer: f"{answer.status_code} {len(answer.content)}",
    )
    async def test_no_usable_answer_leaves_it_open(
        self, any_provider: PaymentProvider, outside: respx.MockRouter, answer: httpx.Response
    ) -> None:
        outside.route().mock(return_value=answer)
        with pytest.raises(ProviderError) as failed:
            await any_provider.create(charge())
        assert not isinstance(failed.value, RejectedError)
        assert len(outside.calls) == 1

    @pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout])
    async def test_no_answer_leaves_it_open(
        self, any_provider: PaymentProvider, outside: respx.MockRouter, error: type[Exception]
    ) -> None:
        outside.route().mock(side_effect=error)
        with pytest.raises(ProviderError):
            await any_provider.create(charge())

    async def test_a_definite_no_is_told_apart(
        self, any_provider: PaymentProvider, outside: respx.MockRouter
    ) -> None:
        outside.route().respond(400, json={})
        with pytest.raises(RejectedError):
            await any_provider.create(charge())


def session(**more: Any) -> dict[str, Any]:
    return {
        "id": "cs_1",
        "object": "checkout.session",
        "status": "open",
        "payment_status": "unpaid",
        "payment_intent": None,
        "client_reference_id": str(CHARGE_ID),
        "url": "https://checkout.stripe.test/c/cs_1",
        **more,
    }


class TestStripe:
    async def test_a_session_is_created_once_with_the_amount_in_smallest_units(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        created = outside.post(f"{STRIPE}/v1/checkout/sessions").respond(json=session())
        assert await stripe.create(charge()) == News(
            status=ChargeStatus.PENDING,
            reference="cs_1",
            action_url="https://checkout.stripe.test/c/cs_1",
        )
        request = created.calls.last.request
        assert request.headers["authorization"] == "Bearer sk_1"
        assert request.headers["idempotency-key"] == f"{CHARGE_ID}:create"
        form = {name: value for name, [value] in parse_qs(request.content.decode()).items()}
        assert form["mode"] == "payment"
        assert form["client_reference_id"] == str(CHARGE_ID)
        assert form["payment_intent_data[metadata][charge_id]"] == str(CHARGE_ID)
        assert form["line_items[0][price_data][unit_amount]"] == "15000"
        assert form["line_items[0][price_data][currency]"] == "rub"
        assert len(form["line_items[0][price_data][product_data][name]"]) <= 250
        assert form["success_url"] == form["cancel_url"] == "https://shop.example/thanks"

    async def test_kronur_are_counted_in_hundredths(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        outside.post(f"{STRIPE}/v1/checkout/sessions").respond(json=session())
        await stripe.create(charge(currency="ISK", amount_minor=500))
        form = parse_qs(outside.calls.last.request.content.decode())
        assert form["line_items[0][price_data][unit_amount]"] == ["50000"]

    @pytest.mark.parametrize(
        ("stands", "status"),
        [
            ({}, ChargeStatus.PENDING),
            ({"status": "complete"}, ChargeStatus.PENDING),
            ({"status": "complete", "payment_status": "paid"}, ChargeStatus.SUCCEEDED),
            ({"status": "expired"}, ChargeStatus.CANCELLED),
        ],
    )
    async def test_how_it_stands_is_read(
        self,
        stripe: StripeProvider,
        outside: respx.MockRouter,
        stands: dict[str, str],
        status: ChargeStatus,
    ) -> None:
        outside.get(f"{STRIPE}/v1/checkout/sessions/ref_1").respond(json=session(**stands))
        assert (await stripe.fetch(charge())).status is status

    async def test_an_open_session_is_expired_and_one_that_is_paid_is_found_out(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        path = f"{STRIPE}/v1/checkout/sessions/ref_1"
        outside.post(f"{path}/expire").respond(json=session(status="expired"))
        assert (await stripe.cancel(charge())).status is ChargeStatus.CANCELLED
        outside.post(f"{path}/expire").respond(400, json={"error": {}})
        paid = session(status="complete", payment_status="paid", payment_intent="pi_1")
        outside.get(path).respond(json=paid)
        news = await stripe.cancel(charge())
        assert (news.status, news.settlement) == (ChargeStatus.SUCCEEDED, "pi_1")

    @pytest.mark.parametrize(("said", "status"), REFUNDS)
    async def test_a_part_of_the_payment_intent_is_refunded_once(
        self,
        stripe: StripeProvider,
        outside: respx.MockRouter,
        said: str,
        status: CardRefundStatus,
    ) -> None:
        refunds = outside.post(f"{STRIPE}/v1/refunds").respond(json={"id": "re_1", "status": said})
        news = await stripe.refund(charge(settlement="pi_1"), refund())
        assert news == CardRefundNews(status=status, reference="re_1")
        request = refunds.calls.last.request
        assert request.headers["idempotency-key"] == f"{REFUND_ID}:refund"
        form = {name: value for name, [value] in parse_qs(request.content.decode()).items()}
        assert form == {
            "payment_intent": "pi_1",
            "amount": "6000",
            "metadata[refund_id]": str(REFUND_ID),
        }
        outside.get(f"{STRIPE}/v1/refunds/re_1").respond(json={"id": "re_1", "status": said})
        known = refund(reference="re_1", attempts=2)
        assert await stripe.fetch_refund(charge(), known) == news

    async def test_a_refund_that_was_not_answered_is_looked_for_before_it_is_asked_for_again(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        others = {"id": "re_0", "status": "succeeded", "metadata": {"refund_id": "another"}}
        ours = {"id": "re_1", "status": "succeeded", "metadata": {"refund_id": str(REFUND_ID)}}
        listed = outside.get(f"{STRIPE}/v1/refunds").respond(json={"data": [others, ours]})
        made = outside.post(f"{STRIPE}/v1/refunds").respond(json={"id": "re_2", "status": None})
        again = refund(attempts=2)
        assert (await stripe.refund(charge(settlement="pi_1"), again)).reference == "re_1"
        assert dict(listed.calls.last.request.url.params) == {
            "payment_intent": "pi_1",
            "limit": "100",
        }
        assert not made.called
        listed.respond(json={"data": [others]})
        assert (await stripe.refund(charge(settlement="pi_1"), again)).reference == "re_2"

    async def test_a_session_without_money_is_not_refunded(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        outside.get(f"{STRIPE}/v1/checkout/sessions/ref_1").respond(json=session())
        with pytest.raises(ProviderError, match="without a payment intent"):
            await stripe.refund(charge(), refund())

    @pytest.mark.parametrize(
        ("kind", "stands", "status", "reason"),
        [
            (
                "checkout.session.completed",
                {"status": "complete", "payment_status": "paid"},
                ChargeStatus.SUCCEEDED,
                None,
            ),
            ("checkout.session.completed", {"status": "complete"}, ChargeStatus.PENDING, None),
            (
                "checkout.session.expired",
                {"status": "expired"},
                ChargeStatus.CANCELLED,
                "card_timed_out",
            ),
            (
                "checkout.session.async_payment_failed",
                {"status": "complete"},
                ChargeStatus.FAILED,
                "card_declined",
            ),
        ],
    )
    def test_signed_events_are_believed(
        self,
        stripe: StripeProvider,
        kind: str,
        stands: dict[str, str],
        status: ChargeStatus,
        reason: str | None,
    ) -> None:
        notice = stripe.read_webhook(*event(kind, session(**stands)), NOW)
        assert notice is not None
        assert notice.news is not None
        assert (notice.event_id, notice.charge_id) == ("evt_1", CHARGE_ID)
        assert (notice.news.status, notice.news.reason) == (status, reason)

    def test_events_about_other_things_are_none_of_ours(self, stripe: StripeProvider) -> None:
        assert stripe.read_webhook(*event("customer.created", {"id": "cus_1"}), NOW) is None

    def test_what_is_not_signed_or_not_readable_is_refused(self, stripe: StripeProvider) -> None:
        headers, body = event("checkout.session.completed", session())
        for at, given, raw in (
            (NOW + timedelta(seconds=301), headers, body),
            (NOW, {}, body),
            (NOW, headers, body + b" "),
        ):
            with pytest.raises(WebhookRefusedError):
                stripe.read_webhook(given, raw, at)
        with pytest.raises(WebhookUnreadableError):
            stripe.read_webhook(*event("checkout.session.completed", {}), NOW)


def event(kind: str, told: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    body = json.dumps({"id": "evt_1", "type": kind, "data": {"object": told}}).encode()
    return {"stripe-signature": signatures.sign(SECRET, body, NOW)}, body


def paid(status: str = "pending", **more: Any) -> dict[str, Any]:
    return {"id": "23d93cac", "status": status, "paid": False, **more}


class TestYooKassa:
    async def test_a_payment_is_created_once_with_a_page_to_confirm_it(
        self, yookassa: YooKassaProvider, outside: respx.MockRouter
    ) -> None:
        page = {"type": "redirect", "confirmation_url": "https://yoo.test/confirm"}
        created = outside.post(f"{YOOKASSA}/payments").respond(json=paid(confirmation=page))
        assert await yookassa.create(charge()) == News(
            status=ChargeStatus.PENDING, reference="23d93cac", action_url="https://yoo.test/confirm"
        )
        request = created.calls.last.request
        basic = base64.b64encode(b"shop:key").decode()
        assert request.headers["authorization"] == f"Basic {basic}"
        assert request.headers["idempotence-key"] == str(CHARGE_ID)
        body = json.loads(request.content)
        assert body["amount"] == {"value": "150.00", "currency": "RUB"}
        assert body["capture"] is True
        assert body["confirmation"]["return_url"] == "https://shop.example/thanks"
        assert body["metadata"] == {"charge_id": str(CHARGE_ID)}
        assert len(body["description"]) <= 128

    @pytest.mark.parametrize(
        ("stands", "why", "meaning"),
        [
            ("pending", None, (ChargeStatus.PENDING, None)),
            ("waiting_for_capture", None, (ChargeStatus.PENDING, None)),
            ("succeeded", None, (ChargeStatus.SUCCEEDED, None)),
            ("canceled", "insufficient_funds", (ChargeStatus.FAILED, "card_declined")),
            ("canceled", "expired_on_confirmation", (ChargeStatus.CANCELLED, "card_timed_out")),
        ],
    )
    async def test_how_it_stands_is_read_also_where_it_is_called_off(
        self,
        yookassa: YooKassaProvider,
        outside: respx.MockRouter,
        stands: str,
        why: str | None,
        meaning: tuple[ChargeStatus, str | None],
    ) -> None:
        details = {} if why is None else {"cancellation_details": {"party": "x", "reason": why}}
        outside.get(f"{YOOKASSA}/payments/ref_1").respond(json=paid(stands, **details))
        for news in (await yookassa.fetch(charge()), await yookassa.cancel(charge())):
            assert (news.status, news.reason) == meaning

    @pytest.mark.parametrize(
        ("said", "status"), [*REFUNDS[:2], ("canceled", CardRefundStatus.REFUSED)]
    )
    async def test_a_part_of_it_is_refunded_once(
        self,
        yookassa: YooKassaProvider,
        outside: respx.MockRouter,
        said: str,
        status: CardRefundStatus,
    ) -> None:
        refunds = outside.post(f"{YOOKASSA}/refunds").respond(json={"id": "r-1", "status": said})
        news = await yookassa.refund(charge(), refund())
        assert news == CardRefundNews(status=status, reference="r-1")
        request = refunds.calls.last.request
        assert request.headers["idempotence-key"] == f"{REFUND_ID}-refund"
        assert json.loads(request.content) == {
            "payment_id": "ref_1",
            "amount": {"value": "60.00", "currency": "RUB"},
            "description": str(REFUND_ID),
        }
        outside.get(f"{YOOKASSA}/refunds/r-1").respond(json={"id": "r-1", "status": said})
        known = refund(reference="r-1", attempts=2)
        assert await yookassa.fetch_refund(charge(), known) == news

    async def test_a_refund_that_was_not_answered_is_looked_for_before_it_is_asked_for_again(
        self, yookassa: YooKassaProvider, outside: respx.MockRouter
    ) -> None:
        others = {"id": "r-0", "status": "succeeded"}
        ours = {"id": "r-1", "status": "succeeded", "description": str(REFUND_ID)}
        listed = outside.get(f"{YOOKASSA}/refunds").respond(json={"items": [others, ours]})
        made = outside.post(f"{YOOKASSA}/refunds").respond(json={"id": "r-2", "status": "pending"})
        again = refund(attempts=2)
        assert (await yookassa.refund(charge(), again)).reference == "r-1"
        assert dict(listed.calls.last.request.url.params) == {"payment_id": "ref_1", "limit": "100"}
        assert not made.called
        listed.respond(json={"items": []})
        assert (await yookassa.refund(charge(), again)).reference == "r-2"

    def test_a_notification_is_not_believed_only_which_payment_to_read(
        self, yookassa: YooKassaProvider
    ) -> None:
        told = {"type": "notification", "event": "payment.succeeded", "object": paid("succeeded")}
        notice = yookassa.read_webhook({}, json.dumps(told).encode(), NOW)
        assert notice is not None
        assert (notice.news, notice.charge_id, notice.is_believed) == (None, None, False)
        assert notice.reference == "23d93cac"
        assert notice.event_id == "payment.succeeded:23d93cac"

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"type": "notification", "event": "x"}'])
    def test_what_is_no_notification_is_unreadable(
        self, yookassa: YooKassaProvider, body: bytes
    ) -> None:
        with pytest.raises(WebhookUnreadableError):
            yookassa.read_webhook({}, body, NOW)


class TestSandbox:
    async def test_a_part_is_refunded_once(
        self, client: httpx.AsyncClient, outside: respx.MockRouter
    ) -> None:
        url = f"{SANDBOX}/sandbox/provider/payments/ref_1/refunds"
        asked = outside.post(url).respond(201, json={"id": "refund_1", "status": "succeeded"})
        sandbox = SandboxProvider(client, SANDBOX, SECRET)
        done = CardRefundNews(status=CardRefundStatus.DONE, reference="refund_1")
        assert await sandbox.refund(charge(), refund()) == done
        outside.get(f"{url}/refund_1").respond(200, json={"id": "refund_1", "status": "succeeded"})
        assert await sandbox.fetch_refund(charge(), refund(reference="refund_1")) == done
        for call in asked.calls:
            assert call.request.headers["idempotency-key"] == f"{REFUND_ID}:refund"
            assert json.loads(call.request.content) == {
                "amount": "60.00",
                "currency": "RUB",
                "refund_id": str(REFUND_ID),
            }

    async def test_what_the_sandbox_forgot_is_over(
        self, client: httpx.AsyncClient, outside: respx.MockRouter
    ) -> None:
        outside.route().respond(404)
        sandbox = SandboxProvider(client, SANDBOX, SECRET)
        for news in (await sandbox.fetch(charge()), await sandbox.cancel(charge())):
            assert (news.status, news.reason) == (ChargeStatus.CANCELLED, "card_abandoned")
        outside.route().respond(400)
        with pytest.raises(RejectedError):
            await sandbox.fetch(charge())
