"""What webhooks say to whom: payer, payee, and the owner of each account."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from msgspec import convert
from msgspec.structs import asdict

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
from contracts.wallet import EntryPosted, FundsMoved, PostedTransfer
from kit.ids import new_id
from kit.messaging.messages import Envelope, Event
from notifications.domain.deliveries import WebhookMessage
from notifications.webhooks import payloads

PAYER, PAYEE, PAYMENT, TRANSFER = (UUID(int=n) for n in range(1, 5))
AT = datetime(2026, 1, 31, 12, 0, 5, 123456, tzinfo=UTC)
PAYMENT_FACTS: dict[str, Any] = {
    "payment_id": PAYMENT,
    "payer_id": PAYER,
    "payee_id": PAYEE,
    "amount_minor": 15000,
    "currency": "RUB",
    "at": AT,
}


def envelope(event: Event, sequence: int | None = 2) -> Envelope:
    return Envelope(
        id=new_id(),
        source="payments",
        type=event.type,
        subject="s",
        time=AT,
        sequence=sequence,
        message=event,
    )


def told(message: WebhookMessage) -> Any:
    return orjson.loads(message.body)


@pytest.mark.parametrize(
    ("event", "kind", "status", "payers_own"),
    [
        (PaymentCreated(**PAYMENT_FACTS), "payment.created", "created", {}),
        (
            PaymentFailed(**PAYMENT_FACTS, reason="insufficient_funds"),
            "payment.failed",
            "failed",
            {"reason": "insufficient_funds"},
        ),
        (
            PaymentCancelled(**PAYMENT_FACTS, reason="expired"),
            "payment.cancelled",
            "cancelled",
            {"reason": "expired"},
        ),
    ],
)
def test_payer_and_payee_are_told_of_a_payment_but_only_the_payer_why(
    event: Event, kind: str, status: str, payers_own: dict[str, str]
) -> None:
    both = {
        "payment_id": str(PAYMENT),
        "status": status,
        "amount": "150.00",
        "currency": "RUB",
        "payer_id": str(PAYER),
        "payee_id": str(PAYEE),
        "sequence": 2,
    }
    to_payer, to_payee = payloads.messages_of(envelope(event), {PAYER, PAYEE})
    assert told(to_payer) == {
        "type": kind,
        "timestamp": "2026-01-31T12:00:05.123456Z",
        "data": {**both, "direction": "out", **payers_own},
    }
    assert told(to_payee)["data"] == {**both, "direction": "in"}
    assert (to_payer.user_id, to_payee.user_id) == (PAYER, PAYEE)
    assert to_payer.id != to_payee.id
    assert (to_payer.type, to_payer.sequence, to_payer.occurred_at) == (kind, 2, AT)
    assert to_payer.payment_id == to_payee.payment_id == PAYMENT


@pytest.mark.parametrize(("paid_minor", "paid_amount"), [(None, "150.00"), (4000, "40.00")])
def test_what_was_paid_is_told_to_both_with_its_transfer(
    paid_minor: int | None, paid_amount: str
) -> None:
    event = PaymentPaid(**PAYMENT_FACTS, transfer_id=TRANSFER, paid_minor=paid_minor)
    for message in payloads.messages_of(envelope(event), {PAYER, PAYEE}):
        data = told(message)["data"]
        assert (data["amount"], data["paid_amount"]) == ("150.00", paid_amount)
        assert data["transfer_id"] == str(TRANSFER)


@pytest.mark.parametrize(("status", "is_full"), [("paid", False), ("refunded", True)])
def test_a_refund_is_told_to_both_with_all_that_has_gone_back(status: str, is_full: bool) -> None:  # noqa: FBT001
    refund_id = UUID(int=5)
    event = convert(
        {
            **PAYMENT_FACTS,
            "status": status,
            "refund_id": refund_id,
            "transfer_id": TRANSFER,
            "refunded_minor": 20000,
            "is_full": is_full,
        },
        PaymentRefunded,
    )
    both = {
        "payment_id": str(PAYMENT),
        "status": status,
        "amount": "150.00",
        "currency": "RUB",
        "payer_id": str(PAYER),
        "payee_id": str(PAYEE),
        "refund_id": str(refund_id),
        "transfer_id": str(TRANSFER),
        "refunded_amount": "200.00",
        "is_full": is_full,
        "sequence": 3,
    }
    to_payer, to_payee = payloads.messages_of(envelope(event, 3), {PAYER, PAYEE})
    assert told(to_payer)["type"] == "payment.refunded"
    assert told(to_payer)["data"] == {**both, "direction": "out"}
    assert told(to_payee)["data"] == {**both, "direction": "in"}


def test_an_event_that_comes_twice_is_the_same_message() -> None:
    once = envelope(PaymentCreated(**PAYMENT_FACTS))
    first, again = (list(payloads.messages_of(once, {PAYER, PAYEE})) for _ in range(2))
    assert first == again


def test_nothing_is_written_to_those_who_do_not_listen() -> None:
    event = envelope(PaymentCreated(**PAYMENT_FACTS))
    assert [one.user_id for one in payloads.messages_of(event, {PAYEE})] == [PAYEE]
    assert list(payloads.messages_of(event, set())) == []


def funds(*entries: EntryPosted) -> Envelope:
    event = FundsMoved(
        transfer_id=TRANSFER,
        kind="payment",
        reference="r",
        description="tickets",
        currency="JPY",
        entries=entries,
        posted_at=AT,
    )
    return envelope(event, sequence=None)


def entry(owner: UUID | None, account: int, amount: int, seq: int) -> EntryPosted:
    return EntryPosted(
        account_id=UUID(int=account),
        owner_id=owner,
        seq=seq,
        amount_minor=amount,
        balance_after_minor=1000 + amount,
    )


def test_each_account_is_told_its_own_entry_with_its_own_sequence() -> None:
    moved = funds(entry(PAYER, 11, -100, 7), entry(PAYER, 12, 60, 3), entry(None, 13, 40, 999))
    assert payloads.recipients(moved) == {PAYER}
    out, in_ = payloads.messages_of(moved, {PAYER})
    assert told(out) == {
        "type": "wallet.funds_moved",
        "timestamp": "2026-01-31T12:00:05.123456Z",
        "data": {
            "wallet_id": str(UUID(int=11)),
            "account_id": str(UUID(int=11)),
            "transfer_id": str(TRANSFER),
            "kind": "payment",
            "reference": "r",
            "description": "tickets",
            "amount": "-100",
            "balance_after": "900",
            "currency": "JPY",
            "sequence": 7,
        },
    }
    assert (in_.sequence, told(in_)["data"]["amount"]) == (3, "60")
    assert out.payment_id is None
    assert out.id != in_.id


def test_what_a_paid_payment_has_moved_is_told_as_wallet_would_tell_it() -> None:
    by_wallet = funds(entry(PAYER, 11, -100, 7), entry(PAYEE, 12, 100, 3))
    assert isinstance(by_wallet.message, FundsMoved)
    movement = convert(asdict(by_wallet.message), PostedTransfer)
    paid = envelope(PaymentPaid(**PAYMENT_FACTS, transfer_id=TRANSFER, movement=movement))
    assert payloads.recipients(paid) == {PAYER, PAYEE}
    to_payer, to_payee, *moved = payloads.messages_of(paid, {PAYER, PAYEE})
    assert {told(one)["type"] for one in (to_payer, to_payee)} == {"payment.paid"}
    assert [(one.user_id, one.sequence, told(one)) for one in moved] == [
        (one.user_id, one.sequence, told(one))
        for one in payloads.messages_of(by_wallet, {PAYER, PAYEE})
    ]
    assert len({one.id for one in (to_payer, to_payee, *moved)}) == 4


def test_nobody_is_told_anothers_balance() -> None:
    moved = funds(entry(PAYER, 11, -100, 7), entry(PAYEE, 12, 100, 3))
    for message in payloads.messages_of(moved, {PAYER, PAYEE}):
        other = PAYEE if message.user_id == PAYER else PAYER
        assert str(other) not in message.body.decode()


def test_a_test_event_has_no_sequence() -> None:
    message = payloads.trial_message(PAYER, UUID(int=9), AT)
    assert told(message) == {
        "type": "webhook.test",
        "timestamp": "2026-01-31T12:00:05.123456Z",
        "data": {"endpoint_id": str(UUID(int=9))},
    }
    assert message.sequence is None


DISPUTE = {"dispute_id": UUID(int=6), "status": "paid"}


@pytest.mark.parametrize(
    ("event", "kind", "more"),
    [
        (
            PaymentDisputed(**PAYMENT_FACTS, **DISPUTE, provider="stripe", reason="fraudulent"),
            "payment.disputed",
            {"provider": "stripe", "reason": "fraudulent"},
        ),
        (
            PaymentDisputed(**PAYMENT_FACTS, **DISPUTE, provider="sandbox", reason=None),
            "payment.disputed",
            {"provider": "sandbox", "reason": None},
        ),
        (
            PaymentDisputeClosed(**PAYMENT_FACTS, **DISPUTE, outcome="won"),
            "payment.dispute_closed",
            {"outcome": "won"},
        ),
        (
            PaymentDisputeClosed(**PAYMENT_FACTS, **DISPUTE, outcome="lost"),
            "payment.dispute_closed",
            {"outcome": "lost"},
        ),
    ],
)
def test_a_dispute_is_told_to_both_with_its_own_amount(
    event: Event, kind: str, more: dict[str, str | None]
) -> None:
    messages = list(payloads.messages_of(envelope(event), {PAYER, PAYEE}))
    assert [(one.type, told(one)["data"]["direction"]) for one in messages] == [
        (kind, "out"),
        (kind, "in"),
    ]
    for message in messages:
        data = told(message)["data"]
        expected = {"dispute_id": str(UUID(int=6)), "amount": "150.00", "status": "paid", **more}
        assert expected.items() <= data.items()
        assert message.payment_id == PAYMENT


def test_a_refund_that_came_back_is_told_with_what_is_left_of_all_refunds() -> None:
    event = PaymentRefundFailed(
        **PAYMENT_FACTS, refund_id=UUID(int=5), refunded_minor=4000, reason="card_refund_refused"
    )
    for message in payloads.messages_of(envelope(event), {PAYER, PAYEE}):
        data = told(message)["data"]
        assert (message.type, data["status"]) == ("payment.refund_failed", "paid")
        assert (data["refund_id"], data["refunded_amount"]) == (str(UUID(int=5)), "40.00")
        assert "reason" not in data
