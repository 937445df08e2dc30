"""Whatever a provider says, it is read or refused: nothing else comes of it."""

import contextlib
import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from kit import signatures
from kit.money import MAX_MINOR
from payments.domain.cards.charges import ProviderNotice
from payments.providers import PaymentProvider, WebhookRefusedError, WebhookUnreadableError
from payments.providers.sandbox import SandboxProvider
from payments.providers.stripe import StripeProvider
from payments.providers.yookassa import Shop, YooKassaProvider

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECRET = "whsec_of_a_test"
CHARGE_ID = UUID("0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03")

_nowhere = httpx.AsyncClient()  # a body is read without any call
STRIPE = StripeProvider(_nowhere, "http://x", SecretStr("sk_1"), SecretStr(SECRET))
SANDBOX = SandboxProvider(_nowhere, "http://x", SECRET)
YOOKASSA = YooKassaProvider(_nowhere, "http://x", Shop(id="shop", key=SecretStr("key")))


def _of_stripe(kind: str, **thing: Any) -> dict[str, Any]:
    return {"id": "evt_1", "type": kind, "created": 1769860800, "data": {"object": thing}}


_MONEY = {"amount": 3_000, "currency": "rub", "payment_intent": "pi_1"}
_CARD = {
    "id": "card_1",
    "status": "succeeded",
    "url": "https://cards.test/card_1",
    "reason": None,
    "charge_id": str(CHARGE_ID),
}
_SUM = {"id": "x_1", "amount": "30.00", "currency": "RUB"}
BODIES: list[tuple[PaymentProvider, dict[str, Any]]] = [
    (
        STRIPE,
        _of_stripe(
            "checkout.session.completed",
            id="cs_1",
            status="complete",
            payment_status="paid",
            payment_intent="pi_1",
            client_reference_id=str(CHARGE_ID),
            url="https://stripe.test/c/1",
        ),
    ),
    (
        STRIPE,
        _of_stripe(
            "refund.updated",
            id="re_1",
            status="succeeded",
            metadata={"refund_id": str(CHARGE_ID)},
            **_MONEY,
        ),
    ),
    (
        STRIPE,
        _of_stripe(
            "charge.dispute.closed", id="dp_1", status="lost", reason="fraudulent", **_MONEY
        ),
    ),
    (
        STRIPE,
        _of_stripe(
            "charge.refunded", payment_intent="pi_1", metadata={"charge_id": str(CHARGE_ID)}
        ),
    ),
    (
        SANDBOX,
        {
            "id": "evt_1",
            "type": "dispute.created",
            "created": 1769860800.5,
            "payment": _CARD,
            "dispute": {**_SUM, "status": "needs_response", "reason": "fraudulent"},
        },
    ),
    (
        SANDBOX,
        {
            "id": "evt_1",
            "type": "refund.updated",
            "payment": _CARD,
            "refund": {**_SUM, "status": "succeeded", "refund_id": str(CHARGE_ID)},
        },
    ),
    (
        YOOKASSA,
        {
            "type": "notification",
            "event": "refund.succeeded",
            "object": {"id": "r_1", "payment_id": "y_1", "status": "succeeded"},
        },
    ),
]

# What a field may hold in place of what it should, JSON's own oddities among it.
ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, MAX_MINOR, MAX_MINOR + 1, 10**40),
    *(1.5, -0.0, 1e308, float("nan"), float("inf"), 253_402_300_799, 253_402_300_800),
    *("", " ", "x" * 400, "\0", "\ud800", "я", "succeeded", "lost", "pending", "NaN"),
    *("0", "-1", "1e5", "0.001", "999999999999999999999", "30.00", "\u0663"),
    *("RUB", "rub", "JPY", "KWD", "ISK", "isk", "ZZZ", "HUF"),
    *(str(CHARGE_ID), "not-a-uuid", "javascript:alert(1)", "http://", "funds_withdrawn"),
    *([], {}, [[]], {"id": 1}, [None] * 3),
]
odd = st.sampled_from(ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(body: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every field of a body, those of inner objects too."""
    for name, value in body.items():
        yield (*before, name)
        if isinstance(value, dict):
            yield from places(value, (*before, name))


@st.composite
def bodies(draw: st.DrawFn) -> tuple[PaymentProvider, dict[str, Any]]:
    """Return a good body with up to three of its fields odd, or gone."""
    provider, good = draw(st.sampled_from(BODIES))
    body = copy.deepcopy(good)
    for path in draw(st.lists(st.sampled_from(list(places(good))), max_size=3)):
        holder: Any = body
        for name in path[:-1]:
            holder = holder.get(name) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            if draw(st.booleans()):
                holder[path[-1]] = draw(odd)
            else:
                holder.pop(path[-1], None)
    return provider, body


def signed(provider: PaymentProvider, raw: bytes) -> ProviderNotice | None:
    name = {"stripe": "stripe-signature", "sandbox": "sandbox-signature"}.get(provider.name, "-")
    return provider.read_webhook({name: signatures.sign(SECRET, raw, NOW)}, raw, NOW)


def check(notice: ProviderNotice | None) -> None:
    """Check that what was read can be stored and counted with."""
    if notice is None:
        return
    texts = [notice.event_id, notice.kind, notice.reference]
    assert all(text and "\0" not in text for text in texts if text is not None)
    for told in (notice.refund, notice.dispute):
        if told is not None and told.amount_minor is not None:
            assert 0 < told.amount_minor <= MAX_MINOR
            assert told.currency is not None
            assert told.currency.isupper()


@settings(max_examples=500)
@given(bodies())
def test_a_signed_body_is_read_or_refused_as_unreadable(
    drawn: tuple[PaymentProvider, dict[str, Any]],
) -> None:
    provider, body = drawn
    with contextlib.suppress(WebhookUnreadableError):
        check(signed(provider, json.dumps(body).encode()))


def test_any_one_field_may_be_anything_or_missing() -> None:
    for provider, good in BODIES:
        for *outer, last in places(good):
            for value in (..., *ODD):
                body = copy.deepcopy(good)
                holder = body
                for name in outer:
                    holder = holder[name]
                holder.pop(last) if value is ... else holder.update({last: value})
                with contextlib.suppress(WebhookUnreadableError):
                    check(signed(provider, json.dumps(body).encode()))


def test_each_of_the_bodies_is_good_as_it_stands() -> None:
    for provider, body in BODIES:
        notice = signed(provider, json.dumps(body).encode())
        assert notice is not None
        check(notice)


@given(
    st.sampled_from([STRIPE, SANDBOX, YOOKASSA]), st.binary(max_size=40) | st.text().map(str.encode)
)
def test_any_other_bytes_are_refused_as_unreadable(provider: PaymentProvider, raw: bytes) -> None:
    with contextlib.suppress(WebhookUnreadableError):
        assert signed(provider, raw) is None


@given(st.sampled_from(BODIES), st.text(max_size=80), st.integers(-900, 900))
def test_a_header_that_is_not_of_this_body_and_hour_is_refused(
    good: tuple[PaymentProvider, dict[str, Any]], text: str, seconds: int
) -> None:
    provider, body = good
    if provider is YOOKASSA:  # it signs nothing; its words are only hints
        return
    raw = json.dumps(body).encode()
    name = f"{provider.name}-signature"
    for header in (text, f"t={int(NOW.timestamp()) + seconds},v1={text}", f"t={text},v1={text}"):
        try:
            provider.read_webhook({name: header}, raw, NOW)
        except WebhookRefusedError:
            continue
        raise AssertionError(header)
    sent = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    header = signatures.sign(SECRET, raw, sent)
    try:
        provider.read_webhook({name: header}, raw, NOW)
    except WebhookRefusedError:
        assert abs(seconds) > 300
    else:
        assert abs(seconds) <= 300
