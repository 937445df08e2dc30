"""What wallet and its askers say to each other survives the wire, today's and tomorrow's."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from asyncpg.pgproto import pgproto

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
    raw = orjson.dumps(sent(message))
    kind, _ = cloudevents.type_and_id(raw)
    assert kind == message.type
    assert cloudevents.decode(raw, type(message)).message == message


@by_type
def test_a_newer_senders_fields_are_no_trouble(message: Message) -> None:
    raw = sent(message)
    raw["data"]["added_later"] = {"x": 1}
    assert cloudevents.decode(orjson.dumps(raw), type(message)).message == message


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
        cloudevents.decode(orjson.dumps(raw), type(message))


@pytest.mark.parametrize("currency", ["rub", "", "RUBL", "RUB\n", None])
def test_a_currency_that_is_none_does_not_arrive(currency: object) -> None:
    raw = sent(MESSAGES[3])
    raw["data"]["currency"] = currency
    with pytest.raises(UndecodableError):
        cloudevents.decode(orjson.dumps(raw), type(MESSAGES[3]))


# As the versions before wrote them, with another library.
EARLIER: list[tuple[Message, str]] = [
    (
        contract.TransferPosted(
            in_reply_to=UUID(int=1),
            transfer_id=UUID(int=2),
            posted_at=NOW,
            payer_account_id=pgproto.UUID(UUID(int=3).bytes),
            payee_account_id=UUID(int=4),
            payee_entry=contract.EntryMark(seq=1, balance_after_minor=15_000),
        ),
        (
            '{"specversion":"1.0","id":"ID","source":"x","type":"wallet.transfer_posted.v1",'
            '"subject":"s","time":"2026-11-21T12:00:00.123456Z","datacontenttype":"application/json",'
            '"schemaversion":1,"data":{"in_reply_to":"00000000-0000-0000-0000-000000000001",'
            '"transfer_id":"00000000-0000-0000-0000-000000000002",'
            '"posted_at":"2026-11-21T12:00:00.123456Z",'
            '"payer_account_id":"00000000-0000-0000-0000-000000000003",'
            '"payee_account_id":"00000000-0000-0000-0000-000000000004","owed_minor":0,'
            '"reply_kind":null,"payer_entry":null,'
            '"payee_entry":{"seq":1,"balance_after_minor":15000}}}'
        ),
    ),
    (
        contract.Transfer(
            command_id=UUID(int=1),
            transfer_id=UUID(int=2),
            payer=AccountRef(owner_id=UUID(int=3)),
            payee=AccountRef(owner_id=UUID(int=4), account_id=UUID(int=5)),
            amount_minor=15_000,
            currency="RUB",
            reference="order 7",
            description='Обед "\\\n\x7f/',
            is_told_by_asker=True,
        ),
        (
            '{"specversion":"1.0","id":"ID","source":"x","type":"wallet.transfer.v1","subject":"s",'
            '"time":"2026-11-21T12:00:00.123456Z","datacontenttype":"application/json",'
            '"schemaversion":1,"data":{"command_id":"00000000-0000-0000-0000-000000000001",'
            '"transfer_id":"00000000-0000-0000-0000-000000000002",'
            '"payer":{"owner_id":"00000000-0000-0000-0000-000000000003","account_id":null,'
            '"provider":null,"is_suspense":false},'
            '"payee":{"owner_id":"00000000-0000-0000-0000-000000000004",'
            '"account_id":"00000000-0000-0000-0000-000000000005","provider":null,'
            '"is_suspense":false},"amount_minor":15000,"currency":"RUB","reference":"order 7",'
            '"kind":"payment","description":"Обед \\"\\\\\\n\x7f/","is_owed":false,'
            '"reply_kind":null,'
            '"purpose":null,"is_told_by_asker":true}}'
        ),
    ),
]


@pytest.mark.parametrize(("message", "earlier"), EARLIER, ids=["reply", "command"])
def test_messages_under_way_during_an_upgrade_are_the_same_bytes(
    message: Message, earlier: str
) -> None:
    event_id, body = cloudevents.encode(message, source="x", subject="s", time=NOW)
    written = earlier.replace("ID", str(event_id)).encode()
    assert body == written
    assert cloudevents.decode(written, type(message)).message == message


@pytest.mark.parametrize("time", ["2026-11-21T12:00:00", "2026-11-21", "today", 5, None])
def test_a_time_without_an_offset_does_not_arrive(time: object) -> None:
    raw = sent(MESSAGES[7])
    raw["data"]["posted_at"] = time
    with pytest.raises(UndecodableError, match=r"\$\.data\.posted_at"):
        cloudevents.decode(orjson.dumps(raw), type(MESSAGES[7]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", "x" * 101),
        ("reference", 7),
        ("is_owed", 1),
        ("transfer_id", "{00000000-0000-0000-0000-000000000001}"),
        ("payer", None),
        ("payer", {"owner_id": 1}),
    ],
)
def test_what_does_not_fit_its_field_does_not_arrive(field: str, value: object) -> None:
    raw = sent(MESSAGES[3])
    raw["data"][field] = value
    with pytest.raises(UndecodableError, match=rf"\$\.data\.{field}"):
        cloudevents.decode(orjson.dumps(raw), type(MESSAGES[3]))
