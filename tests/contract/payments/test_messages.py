"""What payments says and hears fits those who hear and say it."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from msgspec.structs import asdict

from auth.domain.names import comparison_key
from contracts import payments as contract
from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentFailed,
    PaymentPaid,
    PaymentRefunded,
    PaymentRefundFailed,
)
from contracts.wallet import (
    CaptureHold,
    EntryPosted,
    PlaceHold,
    PostedTransfer,
    ReleaseHold,
    Transfer,
)
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.messages import Event, Message
from payments.app import build
from payments.domain.parties import username_key
from payments.domain.reasons import REASON_LABELS
from payments.sagas.payment import PAYMENT
from payments.sagas.refund import REFUND
from payments.settings import Settings
from wallet.domain import commands as wallet_commands
from wallet.domain.commands import Refused
from wallet.messages import ROUTES as WALLET_ROUTES

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
KNOWN: dict[str, Any] = {
    "payment_id": new_id(),
    "payer_id": new_id(),
    "payee_id": new_id(),
    "amount_minor": 15_000,
    "currency": "RUB",
    "at": NOW,
}
MOVEMENT = PostedTransfer(
    transfer_id=new_id(),
    kind="payment",
    reference="order 7",
    description=None,
    currency="RUB",
    entries=(
        EntryPosted(
            account_id=new_id(),
            owner_id=new_id(),
            seq=1,
            amount_minor=15_000,
            balance_after_minor=15_000,
        ),
    ),
    posted_at=NOW,
)
EVENTS: list[Message] = [
    PaymentCreated(**KNOWN),
    PaymentPaid(**KNOWN, transfer_id=new_id(), movement=MOVEMENT),
    PaymentFailed(**KNOWN, reason="insufficient_funds"),
    PaymentCancelled(**KNOWN, reason="expired"),
    PaymentRefunded(
        **KNOWN,
        status="refunded",
        refund_id=new_id(),
        transfer_id=new_id(),
        refunded_minor=15_000,
        is_full=True,
    ),
    PaymentRefundFailed(**KNOWN, refund_id=new_id(), refunded_minor=0, reason="card_refund_failed"),
    PaymentDisputed(
        **KNOWN, status="paid", dispute_id=new_id(), provider="stripe", reason="fraudulent"
    ),
    PaymentDisputeClosed(**KNOWN, status="refunded", dispute_id=new_id(), outcome="won"),
]
# What happens to a payment that has ended, and stays as it is.
BESIDE_ITS_STATE = {PaymentRefundFailed, PaymentDisputed, PaymentDisputeClosed}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_arrives_as_it_was_sent_and_newer_fields_are_no_trouble(event: Message) -> None:
    _, body = cloudevents.encode(event, source="payments", subject="s", time=NOW, sequence=1)
    raw = orjson.loads(body)
    kind, _ = cloudevents.type_and_id(body)
    assert kind == event.type
    assert cloudevents.decode(body, type(event)).message == event
    raw["data"]["added_later"] = {"x": 1}
    assert cloudevents.decode(orjson.dumps(raw), type(event)).message == event


def test_every_event_of_the_contract_is_held_to_this_and_names_its_state() -> None:
    defined = {
        member
        for member in vars(contract).values()
        if isinstance(member, type) and issubclass(member, Event) and "type" in vars(member)
    }
    assert {type(event) for event in EVENTS} == defined
    for event in EVENTS:
        status = asdict(event)["status"]
        is_named_so = event.type == f"payments.payment_{status}.v1"
        assert is_named_so != (type(event) in BESIDE_ITS_STATE)


def test_no_event_tells_of_cards_or_metadata() -> None:
    for event in EVENTS:
        assert not {"card_last4", "card_holder", "metadata"} & {*event.__struct_fields__}


def test_wallet_handles_every_command_of_the_saga() -> None:
    assert {PlaceHold, ReleaseHold, CaptureHold, Transfer} <= WALLET_ROUTES.commands.keys()


def test_payments_handles_every_reply_that_the_saga_waits_for() -> None:
    replies = build(Settings(_env_file=None)).routes.replies
    awaited = {
        reply
        for step in (*PAYMENT.steps, *REFUND.steps)
        for reply in (step.done, step.refused, step.undone)
        if reply is not None
    }
    assert replies.keys() == awaited


def test_every_refusal_of_the_wallet_that_a_payer_may_see_has_words() -> None:
    codes = {one.code for one in vars(wallet_commands).values() if isinstance(one, Refused)}
    # Only a fault of the saga's own could cause these, so nobody has words for them.
    inner = {code for code in codes if code.startswith("hold_")}
    inner |= {"undone", "amount_invalid"}
    assert codes - inner <= REASON_LABELS["en"].keys()


@pytest.mark.parametrize("name", ["Bob", "ＢＯＢ", "straße", "ǅungla", "ﬁ", "Ω", "i̇", "ᾳ", "①"])
def test_usernames_are_compared_as_auth_compares_them(name: str) -> None:
    assert username_key(name) == comparison_key(name)
