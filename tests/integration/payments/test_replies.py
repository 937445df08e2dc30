"""The wallet's answers find who asked for them, also those of before they named a kind."""

from typing import Any, NamedTuple
from uuid import UUID

import orjson
import pytest
import respx
from msgspec import convert
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.room import Room
from tests.integration.payments.test_card_refunds import paid
from tests.integration.payments.test_charges import ask_top_up, stands

from contracts.wallet import Transfer
from kit.ids import derived_id, new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.messages import Envelope
from payments.domain.cards.movements import CHARGEBACK, Movement
from payments.domain.cards.recoveries import Source
from payments.repository import Charges
from payments.service.cards import movements
from payments.service.cards.movements import ask_again

CHARGE, OWNER, WALLET = (f"01a22400-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))
MOVEMENT = UUID("01a2247c-5031-768d-aba9-2fb927051d59")
HOUSE: dict[str, Any] = {
    "owner_id": "00000000-0000-0000-0000-000000000000",
    "account_id": None,
    "provider": "sandbox",
    "is_suspense": False,
}
THEIRS: dict[str, Any] = {
    "owner_id": OWNER,
    "account_id": WALLET,
    "provider": None,
    "is_suspense": False,
}
# What was sent before there were kinds, with the subjects of then.
ASKED_BEFORE: dict[str, dict[str, Any]] = {
    f"top_up:{CHARGE}": {
        "command_id": "7876b538-bd1f-5161-9829-b4d02d3cbbd5",
        "transfer_id": "9e7e28ae-4ec5-5481-b947-0cfe03295e19",
        "payer": HOUSE,
        "payee": THEIRS,
        "amount_minor": 15000,
        "currency": "RUB",
        "reference": CHARGE,
        "kind": "top_up",
        "description": None,
        "is_owed": False,
    },
    f"movement:{MOVEMENT}": {
        "command_id": "98d8d27e-4eeb-594d-adb4-9350635282d9",
        "transfer_id": str(MOVEMENT),
        "payer": THEIRS,
        "payee": HOUSE,
        "amount_minor": 3000,
        "currency": "RUB",
        "reference": CHARGE,
        "kind": "chargeback",
        "description": "Card dispute · top-up",
        "is_owed": True,
    },
}


class Form(NamedTuple):
    """What a reply looks like: has its subject a colon, and does it name its kind?"""

    has_colon: bool
    is_named: bool


@pytest.fixture(
    params=[
        Form(has_colon=False, is_named=True),
        Form(has_colon=True, is_named=False),
        Form(has_colon=False, is_named=False),
    ],
    ids=["of now", "to what was asked before", "of a wallet of before"],
)
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.fixture
def cards(room: Room, outside: respx.MockRouter) -> CardProvider:
    return CardProvider(room, outside)


async def answers(
    room: Room, asked: Envelope, form: Form, *, code: str | None = None, kind: str | None = None
) -> None:
    """Let the wallet's answer to a command arrive: a refusal where there is a code."""
    assert isinstance(asked.message, Transfer)
    kind = kind or asked.message.reply_kind
    data: dict[str, Any] = {
        "in_reply_to": str(asked.message.command_id),
        "transfer_id": str(asked.message.transfer_id),
    }
    if form.is_named:
        data["reply_kind"] = kind
    posted = {
        "posted_at": "2026-11-28T23:27:32.189716Z",
        "payer_account_id": "01a2247c-4fb8-71d3-bb2b-c777817bdcc2",
        "payee_account_id": "01a2247c-4fb8-71d3-bb2b-c77881106578",
        "owed_minor": 0,
    }
    event = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "wallet",
        "type": f"wallet.transfer_{'refused' if code else 'posted'}.v1",
        "subject": f"{kind}:{asked.subject}" if form.has_colon else asked.subject,
        "time": "2026-11-28T23:27:32.189716Z",
        "datacontenttype": "application/json",
        "schemaversion": 1,
        "data": data | ({"code": code} if code else posted),
    }
    body = orjson.dumps(event)
    room.pump.broker.put(
        "payments.replies", Publication("", "", body, cloudevents.SINGLE, mandatory=False)
    )
    await room.settle()


async def topping_up(room: Room, cards: CardProvider) -> Envelope:
    """Ask the wallet, which says nothing, for a top-up; returns what it was asked."""
    room.wallet.is_silent = True
    answer = await ask_top_up(room, charge_id=CHARGE, owner_id=OWNER, wallet_id=WALLET)
    assert answer.status_code == 202, answer.text
    await cards.tells("succeeded", UUID(CHARGE))
    await room.settle()
    return room.published(Transfer)[-1]


async def moving(room: Room, cards: CardProvider, alice: UUID, bob: UUID) -> Envelope:
    """Ask the wallet, which says nothing, for what was disputed; returns what it was asked."""
    await paid(room, cards, alice, bob)
    room.wallet.is_silent = True
    await cards.disputes("funds_withdrawn", "30.00")
    await room.settle()
    return room.published(Transfer)[-1]


async def row(room: Room, query: str) -> Any:
    async with room.database.read() as connection:
        return await connection.fetchrow(query)


async def test_a_top_up_learns_that_the_wallet_has_it(
    room: Room, cards: CardProvider, form: Form
) -> None:
    asked = await topping_up(room, cards)
    assert asked.subject == CHARGE
    await answers(room, asked, form)
    at = room.clock.now()
    room.clock.advance(60)
    await answers(room, asked, form)
    assert (await row(room, "SELECT topped_up_at FROM charge"))[0] == at
    assert await room.count("letter") == 0


async def test_a_top_up_that_the_wallet_refuses_goes_back(
    room: Room, cards: CardProvider, form: Form
) -> None:
    asked = await topping_up(room, cards)
    for _ in range(2):
        await answers(room, asked, form, code="balance_limit")
    await room.charge()
    assert await stands(room, UUID(CHARGE)) == ("succeeded", "done")
    assert await room.count("letter") == 0


async def test_a_movement_that_is_refused_is_asked_for_again_and_learns_that_it_was_made(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID, form: Form
) -> None:
    asked = await moving(room, cards, alice, bob)
    for _ in range(2):
        await answers(room, asked, form, code="balance_limit")
    found = await row(room, "SELECT attempts, refused_code, posted_at FROM movement")
    assert tuple(found) == (1, "balance_limit", None)
    room.clock.advance(86_400)
    async with room.database.unit_of_work() as uow:
        assert await ask_again(uow) == 1
    await room.settle()
    again = room.published(Transfer)[-1]
    assert (again.subject, again.message == asked.message) == (asked.subject, False)
    await answers(room, again, form)
    assert (await row(room, "SELECT posted_at FROM movement"))[0] == room.clock.now()
    assert await room.count("letter") == 0


@pytest.mark.parametrize("word", ["movement", "chargeback"])  # as the first of them were called
async def test_a_movement_asked_for_before_learns_that_it_was_made(
    room: Room, cards: CardProvider, alice: UUID, bob: UUID, word: str
) -> None:
    asked = await moving(room, cards, alice, bob)
    await answers(room, asked, Form(has_colon=True, is_named=False), kind=word)
    assert (await row(room, "SELECT posted_at FROM movement"))[0] == room.clock.now()


async def test_what_is_asked_for_has_the_ids_of_what_was_asked_for_before(
    room: Room, cards: CardProvider
) -> None:
    first = await topping_up(room, cards)
    async with room.database.unit_of_work() as uow:
        [charge] = (await Charges(uow).among([UUID(CHARGE)])).values()
        movement = Movement(
            id=MOVEMENT,
            charge_id=charge.id,
            claim_id=derived_id("dispute"),
            kind=CHARGEBACK,
            source=Source.PAYEE,
            amount_minor=3_000,
        )
        await movements.ask(uow, movement, charge, None)
    await room.settle()
    room.clock.advance(600)
    async with room.database.unit_of_work() as uow:
        assert await ask_again(uow) == 1  # after an upgrade, as nobody has answered
    await room.settle()
    sent = room.published(Transfer)
    assert sent[0] == first
    kinds = ["top_up", "movement", "movement"]
    top_up, moved = ASKED_BEFORE.values()
    for envelope, kind, before in zip(sent, kinds, [top_up, moved, moved], strict=True):
        assert envelope.message == convert(before | {"reply_kind": kind}, Transfer)
        assert f"{kind}:{envelope.subject}" in ASKED_BEFORE


async def test_an_answer_of_a_kind_that_nobody_knows_waits_for_somebody_who_does(
    room: Room, cards: CardProvider
) -> None:
    asked = await topping_up(room, cards)
    await answers(room, asked, Form(has_colon=False, is_named=True), kind="thought_of_later")
    assert await room.count("letter") == 1
    assert (await row(room, "SELECT topped_up_at FROM charge"))[0] is None
