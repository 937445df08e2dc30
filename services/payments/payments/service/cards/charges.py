"""Holds the verbs of charges: request one, learn its state, call off.

They run inside the caller's unit of work and never commit; they call nobody outside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from contracts.cards import TooManyOpenCharges
from contracts.wallet import MERCHANTS, AccountRef, Transfer, TransferPosted, TransferRefused
from kit.db import UnitOfWork
from kit.ids import derived_id
from kit.logs import get_logger
from kit.messaging.messages import Message
from kit.messaging.outbox import emit
from kit.money import Money
from kit.saga import SagaEngine, Signalled
from payments.domain.cards.charges import (
    CHARGE_DEADLINE,
    REPEATED,
    Charge,
    News,
    pause,
)
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.payment import Payment
from payments.domain.reasons import CARD_ABANDONED
from payments.repository import Charges, ProviderEvents, ProviderFaults
from payments.sagas.payment import CHARGE
from payments.service.cards import movements, recoveries
from payments.service.merchants.answers import answer_pages

TOP_UP: Final = "top_up"

log = get_logger(__name__)


class AmountCheck(Protocol):
    """Checks that a provider can charge, or give back, an amount."""

    def __call__(self, money: Money, /) -> None:
        """Check an amount; raise a CardRefused if the provider can't."""
        ...


@dataclass(frozen=True, slots=True)
class Card:
    """How a payment is paid by card: which provider, and where its payer returns to.

    `check` refuses what the provider can't charge; `most_open` is how many charges one person may
    have open at once; `contact` is where the receipt goes, by `email` or `phone`.
    """

    provider: str
    return_url: str
    check: AmountCheck
    most_open: int
    contact: Mapping[str, str] | None = None


def charge_of(payment: Payment, card: Card, now: datetime) -> Charge:
    """Return the charge that pays a payment; it has the payment's own id."""
    return Charge(
        id=payment.id,
        payment_id=payment.id,
        owner_id=payment.payer_id,
        provider=card.provider,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=_description(payment),
        return_url=card.return_url,
        expires_at=now + CHARGE_DEADLINE,
        receipt=_receipt(payment, card),
    )


def _description(payment: Payment) -> str:
    """Return what the payer reads on the card page.

    The description of a merchant's payment says whom it pays.
    """
    to = payment.payee_username or str(payment.payee_id)
    if not payment.description:
        return to
    is_merchants = payment.payee_id in MERCHANTS
    return payment.description if is_merchants else f"{to} · {payment.description}"


def _receipt(payment: Payment, card: Card) -> Mapping[str, Any] | None:
    if payment.lines is None and card.contact is None:
        return None
    return {"lines": payment.lines or [], "contact": card.contact or {}}


async def request_charge(uow: UnitOfWork, charge: Charge, most_open: int) -> None:
    """Store a charge that the provider is to be asked for.

    Raises:
        TooManyOpenCharges: its owner has as many under way as one may have.
    """
    if not await Charges(uow).add(charge, uow.clock.now(), most_open):
        raise TooManyOpenCharges(most=most_open)


async def learn(
    uow: UnitOfWork, engine: SagaEngine, news: Mapping[UUID, tuple[Charge, News]]
) -> None:
    """Store charges' new state, and continue what waits for them.

    News after the end changes nothing, except that money came after all: it goes back where nothing
    waits for it any more.
    """
    await recoveries.lock(uow, [charge for charge, _ in news.values()])
    ended = await learn_of_locked(uow, engine, news)
    await recoveries.settle(uow, [one.id for one in ended if one.has_come])


async def learn_of_locked(
    uow: UnitOfWork, engine: SagaEngine, news: Mapping[UUID, tuple[Charge, News]]
) -> list[Charge]:
    """Do what ``learn`` says for locked charges; return those that have ended by it."""
    charges, now = Charges(uow), uow.clock.now()
    theirs = {charge_id: one for charge_id, (_, one) in news.items()}
    for charge_id in await charges.not_theirs(theirs):
        charge, said = news[charge_id]
        await doubt(uow, charge, said.reference)
        del theirs[charge_id]
    changed = await charges.learn(theirs, now + pause(0), now)
    await answer_pages(uow, changed)
    ended = [one for one in changed if not one.is_open]
    for one in ended:
        log.info("charge_ended", charge_id=str(one.id), status=one.status, reason=one.reason)
        if one.has_come and one.payment_id is None:
            _top_up(uow, one)
    if changed:
        await ProviderEvents(uow, changed[0].provider).wake(changed, now)
    await _signal(uow, engine, ended)
    return ended


async def keep_fault(
    uow: UnitOfWork, charge: Charge, asked: str, fault: ProviderFault | None
) -> None:
    """Store the reason that a provider gave, and log it; nothing where it gave none."""
    if fault is None:
        return
    known = {f"provider_{name}": value for name, value in fault.known.items()}
    log.warning("provider_refused", charge_id=str(charge.id), asked=asked, **known)
    await ProviderFaults(uow).add(charge.id, asked, fault, uow.clock.now())


async def doubt(uow: UnitOfWork, charge: Charge, name: str | None) -> None:
    """Ignore news that came under another charge's id, and ask again by our own.

    The provider has given one id twice: to believe it could pay one payment with another's money.
    """
    log.error("provider_id_repeated", charge_id=str(charge.id), provider_id=name)
    now = uow.clock.now()
    await Charges(uow).keep_asking(charge.id, now + pause(charge.attempts), REPEATED, now)


async def _signal(uow: UnitOfWork, engine: SagaEngine, ended: Iterable[Charge]) -> None:
    """Signal the payments that wait for charges; log money that came too late.

    ``settle`` sends that back.
    """
    waited_for = {one.payment_id: one for one in ended if one.payment_id is not None}
    if not waited_for:
        return
    news = {
        payment_id: Signalled(CHARGE, None if one.has_come else one.reason or CARD_ABANDONED, {})
        for payment_id, one in waited_for.items()
    }
    took = await engine.signal_many(uow, news)
    late = [one.id for key, one in waited_for.items() if one.has_come and key not in took]
    if late:
        log.warning("charges_came_too_late", charge_ids=[str(one) for one in late])


async def call_off(uow: UnitOfWork, payment_ids: Iterable[UUID]) -> None:
    """Call off the charges of these payments; money that came goes back.

    The payments are locked.
    """
    await recoveries.settle(uow, await Charges(uow).call_off(payment_ids, uow.clock.now()))


async def topped_up(uow: UnitOfWork, charge_id: UUID, answer: Message) -> None:
    """Apply the wallet's reply to a top-up; a refused one goes back to the card."""
    charges, now = Charges(uow), uow.clock.now()
    await charges.lock_many([charge_id])
    if isinstance(answer, TransferPosted):
        await charges.topped_up(charge_id, now)
    elif isinstance(answer, TransferRefused):
        log.warning("top_up_refused", charge_id=str(charge_id), code=answer.code)
        await charges.call_off_top_up(charge_id, now)
    await recoveries.settle(uow, [charge_id])


def _top_up(uow: UnitOfWork, charge: Charge) -> None:
    command = Transfer(
        command_id=derived_id(charge.id, TOP_UP, "command"),
        transfer_id=derived_id(charge.id, TOP_UP),
        payer=movements.clearing(charge),
        payee=AccountRef(owner_id=charge.owner_id, account_id=charge.account_id),
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        reference=str(charge.id),
        kind=TOP_UP,
        description=None,
        reply_kind=TOP_UP,
    )
    emit(uow, command, subject=str(charge.id))
