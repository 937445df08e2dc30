"""What providers tell of disputes and refunds, against their public documentation."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from pydantic import SecretStr

from kit import signatures
from kit.outgoing import http_client
from payments.domain.cards.charges import Charge, ChargeStatus, ProviderNotice
from payments.domain.cards.disputes import DisputeNews, DisputeOutcome
from payments.domain.cards.refunds import CardRefundStatus, RefundNews
from payments.providers import (
    ProviderError,
    WebhookRefusedError,
    WebhookUnreadableError,
    sandbox_events,
    stripe_events,
    yookassa_events,
)
from payments.providers.stripe import StripeProvider
from payments.providers.stripe_units import minor_units, smallest_units
from payments.providers.yookassa import Shop, YooKassaProvider

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECRET = "whsec_of_a_test"
CHARGE_ID, REFUND_ID = UUID(int=1), UUID(int=2)
STRIPE, YOOKASSA = "https://api.stripe.test", "https://api.yookassa.test/v3"
BROKEN_SUMS: list[dict[str, Any]] = [
    {"amount": 0},
    {"amount": None},
    {"amount": 10**30},
    {"amount": 10**15 + 1},
    {"currency": None},
    {"currency": "xxx"},
    {"currency": "isk", "amount": 101},
]
REASONS = [
    ("fraudulent", "fraudulent"),
    ("a\x00b\nc", "a b c"),
    ("x" * 5000, "x" * 300),
    ("card 4242 4242 4242 4242", "[redacted]"),
    ("", None),
]


def stripe(kind: str, thing: dict[str, Any]) -> ProviderNotice | None:
    body = json.dumps({"id": "evt_1", "type": kind, "data": {"object": thing}}).encode()
    headers = {"stripe-signature": signatures.sign(SECRET, body, NOW)}
    return stripe_events.read_event(headers, body, SECRET, NOW)


def stripe_dispute(**more: Any) -> dict[str, Any]:
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": 3000,
        "currency": "rub",
        "status": "needs_response",
        "reason": "fraudulent",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        **more,
    }


def stripe_refund(**more: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 3000,
        "currency": "rub",
        "status": "succeeded",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "metadata": {},
        **more,
    }


class TestStripe:
    @pytest.mark.parametrize(
        ("what", "status", "expected"),
        [
            ("created", "warning_needs_response", {"is_warning": True}),
            ("updated", "warning_under_review", {"is_warning": True}),
            ("closed", "warning_closed", {"is_warning": True, "is_closed": True}),
            ("created", "needs_response", {}),
            ("updated", "under_review", {}),
            ("funds_withdrawn", "needs_response", {"is_withdrawn": True}),
            (
                "funds_reinstated",
                "won",
                {"is_reinstated": True, "is_closed": True, "outcome": DisputeOutcome.WON},
            ),
            ("closed", "lost", {"is_closed": True, "outcome": DisputeOutcome.LOST}),
        ],
    )
    def test_a_dispute_is_told_by_its_own_sum(
        self, what: str, status: str, expected: dict[str, Any]
    ) -> None:
        notice = stripe(f"charge.dispute.{what}", stripe_dispute(status=status))
        assert notice is not None
        assert (notice.reference, notice.news, notice.is_believed) == ("pi_1", None, True)
        known = {"reference": "dp_1", "amount_minor": 3000, "currency": "RUB"}
        assert notice.dispute == DisputeNews(**known, reason="fraudulent", **expected)

    @pytest.mark.parametrize(
        "kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
    )
    @pytest.mark.parametrize(
        ("status", "means"),
        [
            ("succeeded", CardRefundStatus.DONE),
            ("pending", CardRefundStatus.PENDING),
            ("requires_action", CardRefundStatus.PENDING),
            ("failed", CardRefundStatus.REFUSED),
            ("canceled", CardRefundStatus.REFUSED),
            (None, CardRefundStatus.PENDING),
        ],
    )
    def test_a_refund_is_told_whoever_made_it(
        self, kind: str, status: str | None, means: CardRefundStatus
    ) -> None:
        notice = stripe(kind, stripe_refund(status=status))
        assert notice is not None
        known = {"reference": "re_1", "amount_minor": 3000, "currency": "RUB"}
        assert notice.refund == RefundNews(**known, status=means)
        ours = stripe(kind, stripe_refund(metadata={"refund_id": str(REFUND_ID)}))
        assert ours is not None
        assert ours.refund is not None
        assert ours.refund.refund_id == REFUND_ID

    def test_what_was_refunded_of_a_charge_in_all_says_that_there_are_refunds_to_be_read(
        self,
    ) -> None:
        told = {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 3000}
        notice = stripe("charge.refunded", {**told, "metadata": {"charge_id": str(CHARGE_ID)}})
        assert notice is not None
        assert (notice.has_refunds, notice.charge_id) == (True, CHARGE_ID)
        assert (notice.reference, notice.refund, notice.is_believed) == ("pi_1", None, True)

    @pytest.mark.parametrize("kind", ["charge.succeeded", "customer.created", "payout.paid"])
    def test_events_about_other_things_are_none_of_ours(self, kind: str) -> None:
        assert stripe(kind, {"id": "x_1"}) is None

    def test_a_session_of_another_shop_is_none_of_ours(self) -> None:
        theirs = {"id": "cs_1", "status": "complete", "client_reference_id": "order 4711"}
        assert stripe("checkout.session.completed", theirs) is None

    @pytest.mark.parametrize("broken", BROKEN_SUMS)
    def test_a_dispute_without_a_sum_can_not_be_read(self, broken: dict[str, Any]) -> None:
        with pytest.raises(WebhookUnreadableError):
            stripe("charge.dispute.created", stripe_dispute(**broken))

    @pytest.mark.parametrize("broken", BROKEN_SUMS)
    def test_nor_can_a_refund(self, broken: dict[str, Any]) -> None:
        with pytest.raises(WebhookUnreadableError):
            stripe("refund.updated", stripe_refund(**broken))

    @pytest.mark.parametrize(("said", "kept"), REASONS)
    def test_a_reason_is_kept_as_it_can_be_shown(self, said: str, kept: str | None) -> None:
        notice = stripe("charge.dispute.created", stripe_dispute(reason=said))
        assert notice is not None
        assert notice.dispute is not None
        assert notice.dispute.reason == kept

    def test_kronur_are_told_in_hundredths(self) -> None:
        notice = stripe("charge.dispute.created", stripe_dispute(currency="isk", amount=50_000))
        assert notice is not None
        assert notice.dispute is not None
        assert (notice.dispute.amount_minor, notice.dispute.currency) == (500, "ISK")
        assert minor_units(smallest_units(500, "ISK"), "ISK") == 500


class TestYooKassa:
    @pytest.mark.parametrize(
        ("event", "thing", "reference", "has_refunds"),
        [
            ("payment.succeeded", {"id": "p-1"}, "p-1", False),
            ("payment.canceled", {"id": "p-1"}, "p-1", False),
            ("refund.succeeded", {"id": "r-1", "payment_id": "p-1"}, "p-1", True),
        ],
    )
    def test_a_notification_only_says_what_to_read(
        self, event: str, thing: dict[str, str], reference: str, *, has_refunds: bool
    ) -> None:
        told = {"type": "notification", "event": event, "object": {**thing, "status": "x"}}
        notice = yookassa_events.read_notification(json.dumps(told).encode())
        assert (notice.reference, notice.has_refunds) == (reference, has_refunds)
        assert (notice.is_believed, notice.news, notice.refund) == (False, None, None)


def sandbox(kind: str, **things: Any) -> ProviderNotice:
    payment = {"id": "card_1", "status": "succeeded", "charge_id": str(CHARGE_ID)}
    body = json.dumps({"id": "evt_1", "type": kind, "payment": payment, **things}).encode()
    headers = {"sandbox-signature": signatures.sign(SECRET, body, NOW)}
    return sandbox_events.read_event(headers, body, SECRET, NOW)


DISPUTE = {"id": "dp_1", "amount": "30.00", "currency": "RUB", "status": "needs_response"}
REFUND = {"id": "re_1", "amount": "30.00", "currency": "RUB", "refund_id": None}


class TestSandbox:
    @pytest.mark.parametrize(
        ("what", "status", "expected"),
        [
            ("created", "warning_needs_response", {"is_warning": True}),
            ("created", "needs_response", {}),
            ("funds_withdrawn", "needs_response", {"is_withdrawn": True}),
            ("closed", "warning_closed", {"is_warning": True, "is_closed": True}),
            (
                "closed",
                "won",
                {"is_closed": True, "outcome": DisputeOutcome.WON},
            ),
            ("closed", "lost", {"is_closed": True, "outcome": DisputeOutcome.LOST}),
        ],
    )
    def test_a_dispute_comes_with_how_the_payment_stands(
        self, what: str, status: str, expected: dict[str, Any]
    ) -> None:
        notice = sandbox(f"dispute.{what}", dispute={**DISPUTE, "status": status})
        known = {"reference": "dp_1", "amount_minor": 3000, "currency": "RUB"}
        assert notice.dispute == DisputeNews(**known, **expected)
        assert notice.news is not None
        assert notice.news.status is ChargeStatus.SUCCEEDED

    def test_the_old_event_is_a_dispute_of_all_that_is_left(self) -> None:
        assert sandbox("payment.disputed").dispute == DisputeNews(
            reference="disputed:card_1", amount_minor=None, currency=None, is_withdrawn=True
        )

    @pytest.mark.parametrize(
        ("status", "means"),
        [
            ("pending", CardRefundStatus.PENDING),
            ("succeeded", CardRefundStatus.DONE),
            ("failed", CardRefundStatus.REFUSED),
        ],
    )
    def test_a_refund_is_told_whoever_made_it(self, status: str, means: CardRefundStatus) -> None:
        known = {"reference": "re_1", "amount_minor": 3000, "currency": "RUB"}
        theirs = sandbox("refund.created", refund={**REFUND, "status": status})
        assert theirs.refund == RefundNews(**known, status=means)
        told = {**REFUND, "status": status, "refund_id": str(REFUND_ID)}
        assert sandbox("refund.updated", refund=told).refund == RefundNews(
            **known, status=means, refund_id=REFUND_ID
        )

    @pytest.mark.parametrize("broken", [{"amount": "x"}, {"amount": "0.00"}, {"currency": "XXX"}])
    def test_a_sum_that_is_none_can_not_be_read(self, broken: dict[str, str]) -> None:
        with pytest.raises(WebhookUnreadableError):
            sandbox("dispute.created", dispute={**DISPUTE, **broken})

    @pytest.mark.parametrize(("said", "kept"), REASONS)
    def test_a_reason_is_kept_as_it_can_be_shown(self, said: str, kept: str | None) -> None:
        dispute = sandbox("dispute.created", dispute={**DISPUTE, "reason": said}).dispute
        assert dispute is not None
        assert dispute.reason == kept

    def test_what_is_not_signed_is_refused(self) -> None:
        with pytest.raises(WebhookRefusedError):
            sandbox_events.read_event({}, b"{}", SECRET, NOW)


@pytest.fixture
def outside() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client() as client:
        yield client


def charge(**more: Any) -> Charge:
    return Charge(
        id=CHARGE_ID,
        owner_id=UUID(int=3),
        provider="any",
        amount_minor=15000,
        currency="RUB",
        description="bob",
        return_url="https://shop.example/thanks",
        expires_at=NOW + timedelta(hours=1),
        reference="ref_1",
        **more,
    )


class TestReading:
    async def test_all_pages_of_stripes_list_are_read(
        self, client: httpx.AsyncClient, outside: respx.MockRouter
    ) -> None:
        provider = StripeProvider(client, STRIPE, SecretStr("sk_1"), SecretStr(SECRET))
        ours = stripe_refund(id="re_2", metadata={"refund_id": str(REFUND_ID)})
        pages = [
            {"data": [stripe_refund()], "has_more": True},
            {"data": [ours], "has_more": False},
        ]
        listed = outside.get(f"{STRIPE}/v1/refunds")
        listed.side_effect = [httpx.Response(200, json=page) for page in pages]
        found = await provider.refunds(charge(settlement="pi_1"))
        assert [(one.reference, one.refund_id) for one in found] == [
            ("re_1", None),
            ("re_2", REFUND_ID),
        ]
        assert listed.calls.last.request.url.params["starting_after"] == "re_1"

    async def test_a_session_without_money_has_none(
        self, client: httpx.AsyncClient, outside: respx.MockRouter
    ) -> None:
        provider = StripeProvider(client, STRIPE, SecretStr("sk_1"), SecretStr(SECRET))
        outside.get(f"{STRIPE}/v1/checkout/sessions/ref_1").respond(json={"id": "ref_1"})
        assert await provider.refunds(charge()) == []

    async def test_all_pages_of_yookassas_list_are_read(
        self, client: httpx.AsyncClient, outside: respx.MockRouter
    ) -> None:
        provider = YooKassaProvider(client, YOOKASSA, Shop(id="shop", key=SecretStr("key")))
        theirs = {
            "id": "r-1",
            "status": "succeeded",
            "amount": {"value": "30.00", "currency": "RUB"},
            "payment_id": "ref_1",
        }
        ours = {**theirs, "id": "r-2", "status": "canceled", "description": str(REFUND_ID)}
        pages = [{"items": [theirs], "next_cursor": "37a5"}, {"items": [ours]}]
        listed = outside.get(f"{YOOKASSA}/refunds")
        listed.side_effect = [httpx.Response(200, json=page) for page in pages]
        known = {"amount_minor": 3000, "currency": "RUB"}
        assert await provider.refunds(charge()) == [
            RefundNews(reference="r-1", status=CardRefundStatus.DONE, **known),
            RefundNews(
                reference="r-2", status=CardRefundStatus.REFUSED, refund_id=REFUND_ID, **known
            ),
        ]
        assert listed.calls.last.request.url.params["cursor"] == "37a5"

    @pytest.mark.parametrize("broken", [{"id": "r-1"}, {"id": "r-1", "status": "succeeded"}])
    async def test_a_list_that_can_not_be_read_is_no_answer(
        self, client: httpx.AsyncClient, outside: respx.MockRouter, broken: dict[str, str]
    ) -> None:
        provider = YooKassaProvider(client, YOOKASSA, Shop(id="shop", key=SecretStr("key")))
        outside.get(f"{YOOKASSA}/refunds").respond(json={"items": [broken]})
        with pytest.raises(ProviderError):
            await provider.refunds(charge())

    @pytest.mark.parametrize("broken", BROKEN_SUMS)
    async def test_nor_is_one_of_stripes(
        self, client: httpx.AsyncClient, outside: respx.MockRouter, broken: dict[str, Any]
    ) -> None:
        provider = StripeProvider(client, STRIPE, SecretStr("sk_1"), SecretStr(SECRET))
        page = {"data": [stripe_refund(**broken)], "has_more": False}
        outside.get(f"{STRIPE}/v1/refunds").respond(json=page)
        with pytest.raises(ProviderError):
            await provider.refunds(charge(settlement="pi_1"))
