"""The asker's word for an answer comes back in it, also to those who ask as they did before."""

from typing import Any
from uuid import UUID

import orjson
from msgspec import convert
from msgspec.structs import replace
from tests.integration.wallet.world import World, transfer

from contracts.wallet import FundsMoved, Transfer, TransferPosted, TransferRefused
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Delivery
from testkit.pump import sent

MOVEMENT = UUID("01a2247c-5031-768d-aba9-2fb927051d59")
# What payments sent for a dispute before there were kinds of replies.
OF_BEFORE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "01a2247c-5033-7708-a917-93917ccc9d9a",
    "source": "payments",
    "type": "wallet.transfer.v1",
    "subject": f"movement:{MOVEMENT}",
    "time": "2026-11-28T23:27:32.189716Z",
    "datacontenttype": "application/json",
    "schemaversion": 1,
    "data": {
        "command_id": "98d8d27e-4eeb-594d-adb4-9350635282d9",
        "transfer_id": str(MOVEMENT),
        "payer": {
            "owner_id": "01a22400-0000-7000-8000-000000000002",
            "account_id": None,
            "provider": None,
            "is_suspense": False,
        },
        "payee": {
            "owner_id": "00000000-0000-0000-0000-000000000000",
            "account_id": None,
            "provider": "sandbox",
            "is_suspense": False,
        },
        "amount_minor": 3000,
        "currency": "RUB",
        "reference": "01a22400-0000-7000-8000-000000000001",
        "kind": "chargeback",
        "description": "Card dispute · top-up",
        "is_owed": True,
    },
    "replyto": "payments",
}
# As answers of transfers were kept then: whole, without a kind.
_KEEP = "UPDATE command SET reply_type = $1, reply = $2, transfer_id = NULL"
OWNER = UUID(OF_BEFORE["data"]["payer"]["owner_id"])


def as_sent_now() -> dict[str, Any]:
    command = convert(OF_BEFORE["data"] | {"reply_kind": "movement"}, Transfer)
    _, body = cloudevents.encode(
        command,
        source="payments",
        subject=str(MOVEMENT),
        time=cloudevents.decode(orjson.dumps(OF_BEFORE), Transfer).time,
        reply_to="payments",
    )
    event: dict[str, Any] = orjson.loads(body)
    return event


async def arrives(world: World, event: dict[str, Any]) -> tuple[str, TransferPosted]:
    """Have the worker handle one event; returns the answer's subject, and the answer."""
    await world.empty_outbox()
    body = orjson.dumps(event)
    await world.worker.handle([Delivery(1, "wallet", body, cloudevents.SINGLE, attempts=0)])
    [envelope] = await sent(world.database, TransferPosted)
    assert isinstance(envelope.message, TransferPosted)
    return envelope.subject, envelope.message


async def test_the_askers_word_comes_back_whatever_the_answer(world: World) -> None:
    alice, bob = await world.person("10.00"), new_id()
    posted, refused, unnamed = await world.ask(
        transfer(alice, bob, 100, reply_kind="movement"),
        transfer(alice, bob, 5_000, reply_kind="top_up"),
        transfer(alice, bob, 100),
    )
    assert isinstance(posted, TransferPosted)
    assert isinstance(refused, TransferRefused)
    assert isinstance(unnamed, TransferPosted)
    assert (posted.reply_kind, refused.reply_kind) == ("movement", "top_up")
    assert unnamed.reply_kind is None


async def test_what_was_asked_before_there_were_kinds_and_again_since_moves_once(
    world: World,
) -> None:
    await world.fund(OWNER, "100.00")
    subject, first = await arrives(world, OF_BEFORE)
    assert (subject, first.reply_kind) == (f"movement:{MOVEMENT}", None)
    async with world.database.unit_of_work() as uow:
        kept = {
            "in_reply_to": first.in_reply_to,
            "transfer_id": first.transfer_id,
            "posted_at": first.posted_at,
            "payer_account_id": first.payer_account_id,
            "payee_account_id": first.payee_account_id,
            "owed_minor": first.owed_minor,
        }
        await uow.execute(_KEEP, first.type, kept)
    subject, again = await arrives(world, as_sent_now())
    assert (subject, again.reply_kind) == (str(MOVEMENT), "movement")
    assert again == replace(first, reply_kind="movement")
    assert await sent(world.database, FundsMoved) == []
    assert await world.figures(OWNER) == (7_000, 0)
    await world.check_ledger()
