"""Answers of providers that are about something else, or can't be stored, are not believed."""

from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from pydantic import SecretStr
from tests.unit.payments.test_providers import (
    CHARGE_ID,
    REFUND_ID,
    SANDBOX,
    SECRET,
    STRIPE,
    YOOKASSA,
    charge,
    paid,
    refund,
    session,
)

from kit.outgoing import http_client
from payments.providers import PaymentProvider, ProviderError
from payments.providers.calls import LONGEST_TEXT, RejectedError, one_line
from payments.providers.sandbox import SandboxProvider
from payments.providers.stripe import StripeProvider
from payments.providers.yookassa import Shop, YooKassaProvider

OTHER = str(UUID(int=7))


def provider(name: str, client: httpx.AsyncClient) -> PaymentProvider:
    match name:
        case "stripe":
            return StripeProvider(client, STRIPE, SecretStr("sk_1"), SecretStr(SECRET))
        case "yookassa":
            return YooKassaProvider(client, YOOKASSA, Shop(id="shop", key=SecretStr("key")))
    return SandboxProvider(client, SANDBOX, SECRET)


CHARGES: list[tuple[str, dict[str, Any]]] = [
    ("stripe", session(client_reference_id=OTHER)),
    ("yookassa", paid(metadata={"charge_id": OTHER})),
    ("sandbox", {"id": "card_1", "status": "succeeded", "charge_id": OTHER}),
]
REFUNDS: list[tuple[str, dict[str, Any]]] = [
    ("stripe", {"id": "re_1", "status": "succeeded", "metadata": {"refund_id": OTHER}}),
    ("yookassa", {"id": "r-1", "status": "succeeded", "description": OTHER}),
    ("sandbox", {"id": "refund_1", "status": "succeeded", "refund_id": OTHER}),
]


@pytest.mark.check(69)
@pytest.mark.parametrize(("name", "answer"), CHARGES)
async def test_an_answer_about_another_charge_is_none(name: str, answer: dict[str, Any]) -> None:
    with respx.mock(assert_all_called=False) as outside:
        outside.route().respond(json=answer)
        async with http_client() as client:
            chosen = provider(name, client)
            for ask in (chosen.create, chosen.fetch, chosen.cancel):
                with pytest.raises(ProviderError, match="another charge") as failed:
                    await ask(charge())
                assert not isinstance(failed.value, RejectedError)


@pytest.mark.parametrize(("name", "answer"), REFUNDS)
async def test_an_answer_about_another_refund_is_none(name: str, answer: dict[str, Any]) -> None:
    with respx.mock(assert_all_called=False) as outside:
        outside.route().respond(json=answer)
        async with http_client() as client:
            chosen = provider(name, client)
            for ask, which in ((chosen.refund, refund()), (chosen.fetch_refund, refund())):
                with pytest.raises(ProviderError, match="another refund"):
                    await ask(charge(settlement="pi_1"), which)


@pytest.mark.parametrize("name", ["stripe", "yookassa", "sandbox"])
@pytest.mark.parametrize("given", ["", "a\x00b", "x" * 256, "ю", "a b"])
async def test_a_name_that_can_not_be_kept_is_no_answer(name: str, given: str) -> None:
    answer = {"stripe": session(), "yookassa": paid(), "sandbox": {"status": "pending"}}[name]
    with respx.mock(assert_all_called=False) as outside:
        outside.route().respond(json={**answer, "id": given})
        async with http_client() as client:
            with pytest.raises(ProviderError, match="read"):
                await provider(name, client).create(charge())


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://", "//evil.example", "a b"])
async def test_a_page_that_is_none_is_no_answer(url: str) -> None:
    with respx.mock(assert_all_called=False) as outside:
        outside.route().respond(json=session(url=url))
        async with http_client() as client:
            with pytest.raises(ProviderError, match="read"):
                await provider("stripe", client).create(charge())


async def test_metadata_may_be_missing_and_our_own_is_ours() -> None:
    with respx.mock(assert_all_called=False) as outside:
        async with http_client() as client:
            stripe, yookassa = provider("stripe", client), provider("yookassa", client)
            for metadata in (None, {}, {"refund_id": str(REFUND_ID)}):
                made = {"id": "re_1", "status": "succeeded", "metadata": metadata}
                outside.post(f"{STRIPE}/v1/refunds").respond(json=made)
                assert (await stripe.refund(charge(settlement="pi_1"), refund())).reference
            for metadata in (None, {}, {"charge_id": str(CHARGE_ID)}):
                outside.post(f"{YOOKASSA}/payments").respond(json=paid(metadata=metadata))
                assert (await yookassa.create(charge())).reference


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (None, None),
        ("", None),
        (7, None),
        ("a\x00\n\u202eb", "a b"),
        ("Bad key sk_live_abcdef of you", "Bad key [redacted] of you"),
        ("card 4242424242424242 declined", "[redacted]"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer [redacted]"),
        ("x" * 5000, "x" * LONGEST_TEXT),
    ],
)
def test_what_is_said_becomes_one_short_line_without_secrets(said: Any, kept: str | None) -> None:
    assert one_line(said) == kept
