"""The verbs of card charges: want one, learn how it stands, hear a webhook, take back.

They run inside the caller's unit of work and never commit; nobody outside is asked here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from contracts.cards import TooManyOpenCharges
from contracts.wallet import HOUSE, AccountRef, Transfer, TransferPosted, TransferRefused
from kit.db import UnitOfWork
from kit.ids import derived_id
from kit.logs import get_logger
from kit.messaging.messages import Envelope
from kit.money import Money
from kit.saga import SagaEngine, Signalled
from payments.domain.charges import CHARGE_DEADLINE, Charge, News, Notice, pause
from payments.domain.payment import Payment
from payments.domain.provider_faults import ProviderFault
from payments.domain.reasons import CARD_ABANDONED
from payments.repository import CardRefunds, Charges, Payments, ProviderFaults
from payments.saga import CHARGE

TOP_UP: Final = "top_up"
CHARGEBACK: Final = "chargeback"
LOSS: Final = "chargeback_loss"
REPEATED: Final = "told under a name that is another's"  # what a charge's last error says then

log = get_logger(__name__)


class AmountCheck(Protocol):
    """What a provider can charge, or give back; raises a CardRefused where it can't."""

    def __call__(self, money: Money, /) -> None:
        """Return where it can."""
        ...


@dataclass(frozen=True, slots=True)
class Card:
    """How a payment is paid by card: at which provider, and where its payer comes back to.

    What the provider can't charge, `check` refuses; `most_open` is how many charges one person
    may have open at once; `contact` is where the receipt goes, by `email` or `phone`.
    """

    provider: str
    return_url: str
    check: AmountCheck
    most_open: int
    contact: Mapping[str, str] | None = None


def charge_of(payment: Payment, card: Card, now: datetime) -> Charge:
    """Return the wish to charge a card for a payment; it is known by the payment's own id."""
    to = payment.payee_username or str(payment.payee_id)
    return Charge(
        id=payment.id,
        payment_id=payment.id,
        owner_id=payment.payer_id,
        provider=card.provider,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=f"{to} · {payment.description}" if payment.description else to,
        return_url=card.return_url,
        expires_at=now + CHARGE_DEADLINE,
        receipt=_receipt(payment, card),
    )


def _receipt(payment: Payment, card: Card) -> Mapping[str, Any] | None:
    if payment.lines is None and card.contact is None:
        return None
    return {"lines": payment.lines or [], "contact": card.contact or {}}


async def want(uow: UnitOfWork, charge: Charge, most_open: int) -> None:
    """Store the wish for a charge.

    Raises:
        TooManyOpenCharges: its owner has as many under way as one may have.
    """
    if not await Charges(uow).add(charge, uow.clock.now(), most_open):
        raise TooManyOpenCharges(most=most_open)


async def hint(uow: UnitOfWork, provider: str, notice: Notice) -> None:
    """Take a webhook that is not believed for what it is: there may be something to read."""
    [charge] = await Charges(uow).named(provider, [(notice.charge_id, notice.reference)])
    if charge is not None:
        now = uow.clock.now()
        await Charges(uow).ask_soon(charge.id, now)
        await CardRefunds(uow).ask_soon(charge.id, now)


async def hear(
    uow: UnitOfWork, engine: SagaEngine, provider: str, notices: Sequence[Notice]
) -> None:
    """Take in what webhooks tell, of which each is new; a stranger's charge changes nothing."""
    names = [(notice.charge_id, notice.reference) for notice in notices]
    news: list[tuple[Charge, News]] = []
    disputed: list[Charge] = []
    for notice, charge in zip(notices, await Charges(uow).named(provider, names), strict=True):
        if charge is None:
            log.warning("charge_unknown", provider=provider, kind=notice.kind)
        elif not notice.is_about(charge):
            await _doubt(uow, charge, notice.reference)
        elif notice.news is not None:
            news.append((charge, notice.news))
        else:
            disputed.append(charge)
    for part in _rounds(news):
        await learn(uow, engine, part)
    for charge in disputed:
        await _take_back(uow, charge)


def _rounds(news: Iterable[tuple[Charge, News]]) -> list[dict[UUID, tuple[Charge, News]]]:
    """Part news so that each part has a charge once, and one charge's come in their order."""
    rounds: list[dict[UUID, tuple[Charge, News]]] = []
    for charge, one in news:
        free = next((part for part in rounds if charge.id not in part), None)
        if free is None:
            rounds.append(free := {})
        free[charge.id] = charge, one
    return rounds


async def learn(
    uow: UnitOfWork, engine: SagaEngine, told: Mapping[UUID, tuple[Charge, News]]
) -> None:
    """Store how charges stand, and carry on with what waits for them.

    What comes after the end changes nothing, but for money that came after all: it goes back
    where nothing waits for it any more.
    """
    payment_ids = [
        charge.payment_id for charge, _ in told.values() if charge.payment_id is not None
    ]
    if payment_ids:
        await Payments(uow).lock_many(payment_ids)
    charges, now = Charges(uow), uow.clock.now()
    await charges.lock_many(told)
    news = {charge_id: one for charge_id, (_, one) in told.items()}
    for charge_id in await charges.not_theirs(news):
        charge, said = told[charge_id]
        await _doubt(uow, charge, said.reference)
        del news[charge_id]
    ended = [one for one in await charges.learn(news, now + pause(0), now) if not one.is_open]
    for one in ended:
        log.info("charge_ended", charge_id=str(one.id), status=one.status, reason=one.reason)
        if one.has_come and one.payment_id is None:
            _move(uow, one, TOP_UP, payer=_clearing(one), payee=_topped_up(one))
    await _signal(uow, engine, ended)


async def keep_fault(
    uow: UnitOfWork, charge: Charge, asked: str, fault: ProviderFault | None
) -> None:
    """Keep what a provider gave as reason, and log it; nothing where it gave none."""
    if fault is None:
        return
    known = {f"provider_{name}": value for name, value in fault.known.items()}
    log.warning("provider_refused", charge_id=str(charge.id), asked=asked, **known)
    await ProviderFaults(uow).add(charge.id, asked, fault, uow.clock.now())


async def _doubt(uow: UnitOfWork, charge: Charge, name: str | None) -> None:
    """Believe nothing that is told of a charge under another's name; ask again under our id.

    A provider has given one name twice: to believe it could pay one payment with another's money.
    """
    log.error("provider_id_repeated", charge_id=str(charge.id), provider_id=name)
    now = uow.clock.now()
    await Charges(uow).keep_asking(charge.id, now + pause(charge.attempts), REPEATED, now)


async def _signal(uow: UnitOfWork, engine: SagaEngine, ended: Iterable[Charge]) -> None:
    """Tell the payments that wait for charges; what comes too late for its payment goes back."""
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
        await CardRefunds(uow).want_all(late, uow.clock.now())


async def call_off(uow: UnitOfWork, payment_ids: Iterable[UUID]) -> None:
    """Want no charge any more for these payments, which are locked; what has come goes back."""
    now = uow.clock.now()
    await CardRefunds(uow).want_all(await Charges(uow).call_off(payment_ids, now), now)


async def _take_back(uow: UnitOfWork, charge: Charge) -> None:
    """Give what is disputed, and has not gone back before, to the provider from whoever got it."""
    disputed = await Charges(uow).dispute(charge.id, uow.clock.now())
    if disputed is None:
        log.warning("dispute_without_money", charge_id=str(charge.id))
        return
    log.warning("charge_disputed", charge_id=str(charge.id))
    payer = await _who_got_it(uow, disputed)
    _move(uow, disputed, CHARGEBACK, payer=payer, payee=_clearing(disputed))


async def answered(uow: UnitOfWork, envelope: Envelope) -> None:
    """Take in the wallet's answer to a movement that `is_ours`."""
    what, _, name = envelope.subject.partition(":")
    charge = await Charges(uow).get(UUID(name))
    if charge is None or isinstance(envelope.message, TransferPosted):
        return
    assert isinstance(envelope.message, TransferRefused)  # noqa: S101 - routed by type
    code = envelope.message.code
    if what == TOP_UP:
        log.warning("top_up_refused", charge_id=name, code=code)
        await CardRefunds(uow).want_all([charge.id], uow.clock.now())
    elif what == CHARGEBACK:
        # The house bears it until somebody has collected it: no wallet goes below zero.
        log.error("chargeback_not_covered", charge_id=name, code=code)
        owing = AccountRef(owner_id=HOUSE, provider=charge.provider, is_suspense=True)
        _move(uow, charge, LOSS, payer=owing, payee=_clearing(charge))
    else:
        log.error("chargeback_loss_refused", charge_id=name, code=code)


def is_ours(envelope: Envelope) -> bool:
    """Tell whether a reply answers a movement of a charge rather than a step of a saga."""
    return ":" in envelope.subject


def _move(
    uow: UnitOfWork, charge: Charge, kind: str, *, payer: AccountRef, payee: AccountRef
) -> None:
    command = Transfer(
        command_id=derived_id(charge.id, kind, "command"),
        transfer_id=derived_id(charge.id, kind),
        payer=payer,
        payee=payee,
        amount_minor=charge.amount_minor if kind == TOP_UP else _disputed_minor(charge),
        currency=charge.currency,
        reference=str(charge.id),
        kind=CHARGEBACK if kind == LOSS else kind,
        description=None,
    )
    uow.emit(command, subject=f"{kind}:{charge.id}")


def _disputed_minor(charge: Charge) -> int:
    assert charge.disputed_minor is not None  # noqa: S101 - a chargeback is of a disputed charge
    return charge.disputed_minor


def _clearing(charge: Charge) -> AccountRef:
    return AccountRef(owner_id=HOUSE, provider=charge.provider)


def _topped_up(charge: Charge) -> AccountRef:
    return AccountRef(owner_id=charge.owner_id, account_id=charge.account_id)


async def _who_got_it(uow: UnitOfWork, charge: Charge) -> AccountRef:
    payment = await Payments(uow).get(charge.payment_id) if charge.payment_id else None
    if payment is None:
        return _topped_up(charge)
    return AccountRef(owner_id=payment.payee_id, account_id=payment.payee_account_id)
