"""Asks wallet to move what a provider took or gave back, and applies its answers."""

import asyncio
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from contracts.wallet import HOUSE, AccountRef, Transfer, TransferPosted, TransferRefused
from kit.db import Database, UnitOfWork
from kit.ids import derived_id
from kit.logs import get_logger
from kit.messaging.messages import Message
from kit.messaging.outbox import emit
from kit.tasks import for_ever
from payments.domain.cards.charges import Charge, pause
from payments.domain.cards.movements import (
    CHARGEBACK,
    CHARGEBACK_REVERSAL,
    REFUND,
    REFUND_REVERSAL,
    Movement,
)
from payments.domain.cards.recoveries import Source
from payments.domain.payment import Payment
from payments.repository import Charges, Movements, Payments

MOVEMENT: Final = "movement"
AT_ONCE: Final = 100
LOOK_SECONDS: Final = 10.0
# Begins the line in the statement of whoever was paid; the payment's description follows.
_WORDS: Final[Mapping[str, str]] = {
    CHARGEBACK: "Card dispute",
    CHARGEBACK_REVERSAL: "Card dispute: money back",
    REFUND: "Refund by the card provider",
    REFUND_REVERSAL: "Refund that the card did not take",
}
_TOP_UP: Final = "top-up"

log = get_logger(__name__)


def clearing(charge: Charge) -> AccountRef:
    """Return the clearing account of a charge's provider."""
    return AccountRef(owner_id=HOUSE, provider=charge.provider)


def paid_by(charge: Charge, payment: Payment | None) -> AccountRef:
    """Return the wallet that the charge paid: the payee's, or the one it topped up."""
    if payment is None:
        return AccountRef(owner_id=charge.owner_id, account_id=charge.account_id)
    return AccountRef(owner_id=payment.payee_id, account_id=payment.payee_account_id)


async def ask(uow: UnitOfWork, movement: Movement, charge: Charge, payment: Payment | None) -> None:
    """Store a movement, and ask the wallet for it."""
    await Movements(uow).add(movement, uow.clock.now())
    emit(uow, _command(movement, charge, payment), subject=str(movement.id))


def _command(movement: Movement, charge: Charge, payment: Payment | None) -> Transfer:
    """Return the command; what the payee's wallet does not hold, the payee owes."""
    theirs = (
        paid_by(charge, payment)
        if movement.source is Source.PAYEE
        else AccountRef(owner_id=HOUSE, provider=charge.provider, is_suspense=True)
    )
    is_to_provider = movement.amount_minor > 0
    payer, payee = (theirs, clearing(charge)) if is_to_provider else (clearing(charge), theirs)
    about = _TOP_UP if payment is None else payment.description
    words = _WORDS[movement.kind]
    return Transfer(
        command_id=derived_id(movement.transfer_id, "command"),
        transfer_id=movement.transfer_id,
        payer=payer,
        payee=payee,
        amount_minor=abs(movement.amount_minor),
        currency=charge.currency,
        reference=str(charge.payment_id or charge.id),
        kind=movement.kind,
        description=f"{words} · {about}" if about else words,
        is_owed=is_to_provider and movement.source is Source.PAYEE,
        reply_kind=MOVEMENT,
        purpose=None if payment is None else payment.purpose,
    )


async def answered(uow: UnitOfWork, movement_id: UUID, answer: Message) -> None:
    """Apply the wallet's answer to a movement; a refused one is asked for again later."""
    movements, now = Movements(uow), uow.clock.now()
    if isinstance(answer, TransferPosted):
        await movements.posted(movement_id, answer.owed_minor, now)
    elif isinstance(answer, TransferRefused):
        later = now + pause(AT_ONCE)
        refused = await movements.refused(movement_id, answer.transfer_id, answer.code, later)
        if refused is not None:
            name = str(movement_id)
            log.error("movement_needs_attention", movement_id=name, code=answer.code, times=refused)


async def ask_again(uow: UnitOfWork) -> int:
    """Ask again for the movements that are due; return how many there were."""
    movements = Movements(uow)
    due = await movements.due(uow.clock.now(), AT_ONCE)
    charges = await Charges(uow).among({one.charge_id for one in due}) if due else {}
    for movement in due:
        charge = charges[movement.charge_id]
        payment = await Payments(uow).get(charge.payment_id) if charge.payment_id else None
        await movements.asked(movement)
        emit(uow, _command(movement, charge, payment), subject=str(movement.id))
    return len(due)


async def ask_again_for_ever(database: Database) -> None:
    """Ask again for movements that the wallet has not posted, until cancelled."""

    async def once() -> None:
        async with database.unit_of_work() as uow:
            asked = await ask_again(uow)
        if asked < AT_ONCE:
            await asyncio.sleep(LOOK_SECONDS)

    await for_ever("payments.movements", once)
