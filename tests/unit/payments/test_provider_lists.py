"""Lists that providers give in pages: how far they are read, and what cannot be read in them."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from pydantic import SecretStr

from kit.outgoing import http_client
from payments.domain.cards.charges import Charge
from payments.domain.cards.refunds import CardRefund, CardRefundStatus
from payments.providers import PaymentProvider, ProviderError
from payments.providers.sandbox import SandboxProvider
from payments.providers.stripe import StripeProvider
from payments.providers.yookassa import Shop, YooKassaProvider

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
STRIPE, YOOKASSA, SANDBOX = "https://api.stripe.test", "https://api.yookassa.test", "http://s.test"
CHARGE = Charge(
    id=UUID(int=7),
    owner_id=UUID(int=1),
    provider="any",
    amount_minor=15_000,
    currency="RUB",
    description="bob",
    return_url="https://shop.example/thanks",
    expires_at=NOW + timedelta(hours=1),
    reference="ref_1",
    settlement="pi_1",
)
PAID_NOBODY = replace(CHARGE, settlement=None)
REFUND = CardRefund(id=UUID(int=8), charge_id=CHARGE.id, amount_minor=6_000, attempts=1)


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
    return StripeProvider(client, STRIPE, SecretStr("sk_1"), SecretStr("whsec_1"))


@pytest.fixture
def yookassa(client: httpx.AsyncClient) -> YooKassaProvider:
    return YooKassaProvider(client, YOOKASSA, Shop(id="shop", key=SecretStr("key")))


@pytest.fixture
def sandbox(client: httpx.AsyncClient) -> SandboxProvider:
    return SandboxProvider(client, SANDBOX, "secret")


def of_stripe(name: str, **changes: Any) -> dict[str, Any]:
    made = {"id": name, "status": "succeeded", "amount": 100, "currency": "rub"}
    return {**made, "payment_intent": "pi_1", **changes}


def of_yookassa(name: str, **changes: Any) -> dict[str, Any]:
    amount = {"value": "1.00", "currency": "RUB"}
    return {"id": name, "status": "succeeded", "payment_id": "ref_1", "amount": amount, **changes}


class Pages:
    """Answers a list page by page; each page names its place, and none is the last."""

    def __init__(self, item: Any, place: str, page: Any) -> None:
        self.item, self.place, self.page = item, place, page
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.params.get(self.place))
        return httpx.Response(200, json=self.page([self.item(f"re_{len(self.asked)}")]))


STRIPE_PAGE = (of_stripe, "starting_after", lambda items: {"data": items, "has_more": True})
YOOKASSA_PAGE = (
    of_yookassa,
    "cursor",
    lambda items: {"items": items, "next_cursor": items[0]["id"]},
)


class TestRefunds:
    @pytest.mark.parametrize("page", [STRIPE_PAGE, YOOKASSA_PAGE], ids=["stripe", "yookassa"])
    async def test_a_list_without_an_end_is_read_twenty_pages_far(
        self,
        stripe: StripeProvider,
        yookassa: YooKassaProvider,
        outside: respx.MockRouter,
        page: Any,
    ) -> None:
        pages = Pages(*page)
        outside.get(path__regex=r".*/refunds$").mock(side_effect=pages)
        provider: PaymentProvider = stripe if page is STRIPE_PAGE else yookassa
        found = await provider.refunds(CHARGE)
        assert [one.reference for one in found] == [f"re_{place}" for place in range(1, 21)]
        assert pages.asked == [None, *(f"re_{place}" for place in range(1, 20))]

    async def test_an_empty_page_ends_a_list_though_more_is_promised(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        listed = outside.get(f"{STRIPE}/v1/refunds").respond(json={"data": [], "has_more": True})
        assert await stripe.refunds(CHARGE) == []
        assert listed.call_count == 1

    @pytest.mark.parametrize(
        "refund",
        [
            of_stripe("re_1", currency="xyz"),
            of_stripe("re_1", amount=150, currency="isk"),  # no whole króna
            of_stripe("re_1", amount=0),
            of_stripe("re_1", amount=None),
        ],
    )
    async def test_one_of_stripes_that_cannot_be_read_leaves_the_whole_list_open(
        self, stripe: StripeProvider, outside: respx.MockRouter, refund: dict[str, Any]
    ) -> None:
        page = {"data": [of_stripe("re_0"), refund], "has_more": False}
        outside.get(f"{STRIPE}/v1/refunds").respond(json=page)
        with pytest.raises(ProviderError):
            await stripe.refunds(CHARGE)

    @pytest.mark.parametrize(
        "amount",
        [
            {"value": "0.00", "currency": "RUB"},
            {"value": "-1.00", "currency": "RUB"},
            {"value": "1.001", "currency": "RUB"},
            {"value": "1.00", "currency": "rub"},
            {"value": "1.00"},
        ],
    )
    async def test_one_of_yookassas_that_cannot_be_read_leaves_the_whole_list_open(
        self, yookassa: YooKassaProvider, outside: respx.MockRouter, amount: dict[str, str]
    ) -> None:
        items = [of_yookassa("r-0"), of_yookassa("r-1", amount=amount)]
        outside.get(f"{YOOKASSA}/refunds").respond(json={"items": items})
        with pytest.raises(ProviderError):
            await yookassa.refunds(CHARGE)

    async def test_a_session_that_nobody_has_paid_has_none_and_is_asked_for_no_list(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        listed = outside.get(f"{STRIPE}/v1/refunds").respond(json={"data": [], "has_more": False})
        session = {"id": "ref_1", "status": "open"}
        outside.get(f"{STRIPE}/v1/checkout/sessions/ref_1").respond(json=session)
        assert await stripe.refunds(PAID_NOBODY) == []
        assert not listed.called

    async def test_the_intent_is_looked_up_where_it_is_not_known_yet(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        listed = outside.get(f"{STRIPE}/v1/refunds").respond(
            json={"data": [of_stripe("re_1", status="pending")], "has_more": False}
        )
        session = {"id": "ref_1", "status": "complete", "payment_intent": "pi_9"}
        outside.get(f"{STRIPE}/v1/checkout/sessions/ref_1").respond(json=session)
        [found] = await stripe.refunds(PAID_NOBODY)
        assert (found.reference, found.status) == ("re_1", CardRefundStatus.PENDING)
        assert listed.calls.last.request.url.params["payment_intent"] == "pi_9"

    async def test_the_sandbox_lists_none_as_its_events_tell_all(
        self, sandbox: SandboxProvider, outside: respx.MockRouter
    ) -> None:
        assert await sandbox.refunds(CHARGE) == []
        assert not outside.calls


class TestEvents:
    @staticmethod
    def event(name: str, created: float) -> dict[str, Any]:
        payment = {"id": "card_1", "status": "succeeded"}
        return {"id": name, "type": "payment.succeeded", "created": created, "payment": payment}

    async def test_the_sandboxs_next_page_begins_where_the_last_one_ended(
        self, sandbox: SandboxProvider, outside: respx.MockRouter
    ) -> None:
        begin = NOW - timedelta(hours=1)
        ends = [(begin + timedelta(minutes=n)).timestamp() for n in (1, 2)]
        pages = [
            {"items": [self.event("evt_1", ends[0])], "has_more": True},
            {"items": [self.event("evt_2", ends[1])], "has_more": True},
            {"items": [], "has_more": True},
        ]
        asked = outside.get(f"{SANDBOX}/sandbox/provider/events").mock(
            side_effect=[httpx.Response(200, json=page) for page in pages]
        )
        found = await sandbox.recent(begin, NOW)
        assert [one.event_id for one in found] == ["evt_1", "evt_2"]
        spans = [call.request.url.params for call in asked.calls]
        assert {span["to"] for span in spans} == {NOW.isoformat()}
        begins = [datetime.fromisoformat(span["from"]) for span in spans]
        assert begins == [begin, *(datetime.fromtimestamp(end, UTC) for end in ends)]

    async def test_a_log_that_never_ends_is_read_a_hundred_pages_far(
        self, sandbox: SandboxProvider, outside: respx.MockRouter
    ) -> None:
        page = {"items": [self.event("evt_1", NOW.timestamp())], "has_more": True}
        asked = outside.get(f"{SANDBOX}/sandbox/provider/events").respond(json=page)
        assert len(await sandbox.recent(NOW - timedelta(hours=1), NOW)) == 100
        assert asked.call_count == 100


class TestAmounts:
    async def test_a_sum_that_stripe_cannot_express_is_refused_before_any_call(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        # The last decimal of its currency must be 0.
        charge = replace(CHARGE, currency="KWD", amount_minor=1_005)
        part = CardRefund(id=UUID(int=9), charge_id=CHARGE.id, amount_minor=1_005, attempts=1)
        for call in (stripe.create(charge), stripe.refund(charge, part)):
            with pytest.raises(ProviderError) as refused:
                await call
            assert refused.value.fault.code == "amount_not_expressible"
        assert not outside.calls

    async def test_a_session_that_nobody_has_paid_gives_nothing_back(
        self, stripe: StripeProvider, outside: respx.MockRouter
    ) -> None:
        made = outside.post(f"{STRIPE}/v1/refunds").respond(json=of_stripe("re_1"))
        session = {"id": "ref_1", "status": "open"}
        outside.get(f"{STRIPE}/v1/checkout/sessions/ref_1").respond(json=session)
        with pytest.raises(ProviderError, match="without a payment intent"):
            await stripe.refund(PAID_NOBODY, REFUND)
        assert not made.called
