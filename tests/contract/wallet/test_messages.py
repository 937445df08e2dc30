"""What wallet and its askers say to each other survives the wire, today's and tomorrow's."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from contracts import wallet as contract
from contracts.wallet import AccountRef, EntryPosted
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.cloudevents import UndecodableError
from kit.messaging.messages import Message
from kit.money import MAX_MINOR

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
PAYER, PAYEE = AccountRef(owner_id=new_id()), AccountRef(owner_id=new_id(), account_id=new_id())
MOVED: dict[str, Any] = {
    "payee": PAYEE,
    "amount_minor": 15_000,
    "currency": "RUB",
    "reference": "order 7",
    "description": "Обед",
}
MESSAGES: list[Message] = [
    contract.PlaceHold(
        command_id=new_id(),
        hold_id=new_id(),
        payer=PAYER,
        amount_minor=MAX_MINOR,
        currency="RUB",
        reference="order 7",
    ),
    contract.CaptureHold(command_id=new_id(), hold_id=new_id(), **MOVED),
    contract.ReleaseHold(command_id=new_id(), hold_id=new_id(), undo_of=new_id()),
    contract.Transfer(command_id=new_id(), transfer_id=new_id(), payer=PAYER, **MOVED),
    contract.HoldPlaced(in_reply_to=new_id(), hold_id=new_id(), account_id=new_id()),
    contract.HoldRefused(in_reply_to=new_id(), hold_id=new_id(), code="undone"),
    contract.HoldReleased(in_reply_to=new_id(), hold_id=new_id()),
    contract.TransferPosted(
        in_reply_to=new_id(),
        transfer_id=new_id(),
        posted_at=NOW,
        payer_account_id=new_id(),
        payee_account_id=new_id(),
        payee_entry=contract.EntryMark(seq=1, balance_after_minor=15_000),
    ),
    contract.TransferRefused(in_reply_to=new_id(), transfer_id=None, code="hold_closed"),
    contract.WalletOpened(
        account_id=new_id(),
        number=1001,
        owner_id=new_id(),
        currency="RUB",
        name="Main",
        is_default=True,
    ),
    contract.FundsMoved(
        transfer_id=new_id(),
        kind="payment",
        reference="order 7",
        description=None,
        currency="RUB",
        entries=(
            EntryPosted(
                account_id=new_id(),
                owner_id=None,
                seq=1,
                amount_minor=-1,
                balance_after_minor=-(10**18),
            ),
        ),
        posted_at=NOW,
    ),
]
by_type = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)


def sent(message: Message) -> dict[str, Any]:
    _, body = cloudevents.encode(message, source="x", subject="s", time=NOW)
    raw: dict[str, Any] = orjson.loads(body)
    return raw


@by_type
def test_a_message_arrives_as_it_was_sent(message: Message) -> None:
    raw = sent(message)
    kind, event_id = cloudevents.type_and_id(raw)
    assert kind == message.type
    assert cloudevents.decode(raw, event_id, type(message)).message == message


@by_type
def test_a_newer_senders_fields_are_no_trouble(message: Message) -> None:
    raw = sent(message)
    raw["data"]["added_later"] = {"x": 1}
    assert cloudevents.decode(raw, new_id(), type(message)).message == message


def test_every_message_of_the_contract_is_held_to_this() -> None:
    defined = {
        member
        for member in vars(contract).values()
        if isinstance(member, type) and issubclass(member, Message) and "type" in vars(member)
    }
    assert {type(message) for message in MESSAGES} == defined


@pytest.mark.parametrize("amount", [0, -1, MAX_MINOR + 1, 1.5, "x", None, True])
@pytest.mark.parametrize("message", [MESSAGES[0], MESSAGES[1], MESSAGES[3]], ids=lambda m: m.type)
def test_an_amount_that_is_none_does_not_arrive(message: Message, amount: object) -> None:
    raw = sent(message)
    raw["data"]["amount_minor"] = amount
    with pytest.raises(UndecodableError):
        cloudevents.decode(raw, new_id(), type(message))


@pytest.mark.parametrize("currency", ["rub", "", "RUBL", None])
def test_a_currency_that_is_none_does_not_arrive(currency: object) -> None:
    raw = sent(MESSAGES[3])
    raw["data"]["currency"] = currency
    with pytest.raises(UndecodableError):
        cloudevents.decode(raw, new_id(), type(MESSAGES[3]))
