"""The verbs of card charges: want one, learn how it stands, hear a webhook, take back.

They run inside the caller's unit of work and never commit; nobody outside is asked here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.wallet import HOUSE, AccountRef, Transfer, TransferPosted, TransferRefused
from kit.db import UnitOfWork
from kit.ids import derived_id
from kit.logs import get_logger
from kit.messaging.messages import Envelope
from kit.saga import SagaEngine
from payments.domain.charges import CHARGE_DEADLINE, Charge, ChargeStatus, News, pause
from payments.domain.payment import Payment
from payments.domain.reasons import CARD_ABANDONED
from payments.providers.protocol import Notice
from payments.repository import CardRefunds, Charges, Payments
from payments.saga import CHARGE

TOP_UP: Final = "top_up"
CHARGEBACK: Final = "chargeback"
LOSS: Final = "chargeback_loss"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Card:
    """How a payment is paid by card: at which provider, and where its payer comes back to."""

    provider: str
    return_url: str


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
    )


async def hear(uow: UnitOfWork, engine: SagaEngine, provider: str, notice: Notice) -> None:
    """Take in what a webhook tells; each event counts once, and a stranger's charge never.

    What is not believed is not noted either: it only says that there may be something to read.
    """
    charges, now = Charges(uow), uow.clock.now()
    charge = await charges.named(provider, notice.charge_id, notice.reference)
    if charge is None:
        log.warning("charge_unknown", provider=provider, kind=notice.kind)
        return
    if notice.news is None and not notice.is_dispute:
        await charges.ask_soon(charge.id, now)
        await CardRefunds(uow).ask_soon(charge.id, now)
        return
    if not await charges.told(provider, notice.event_id, notice.kind, charge.id, now):
        return
    if notice.is_dispute:
        await _take_back(uow, charge)
    elif notice.news is not None:
        await learn(uow, engine, charge, notice.news)


async def learn(uow: UnitOfWork, engine: SagaEngine, charge: Charge, news: News) -> None:
    """Store how a charge stands, and carry on with what waits for it.

    What comes after the end changes nothing, but for money that came after all: it goes back
    where nothing waits for it any more.
    """
    if charge.payment_id is not None:
        await Payments(uow).lock(charge.payment_id)
    now = uow.clock.now()
    next_at = now + pause(0) if news.status is ChargeStatus.PENDING else None
    known = await Charges(uow).learn(charge.id, news, next_at, now)
    if known is None or known.is_open:
        return
    log.info("charge_ended", charge_id=str(known.id), status=known.status, reason=known.reason)
    if known.status is ChargeStatus.SUCCEEDED:
        await _came(uow, engine, known)
    elif known.payment_id is not None:
        refusal = known.reason or CARD_ABANDONED
        await engine.signal(uow, known.payment_id, CHARGE, refusal=refusal)


async def _came(uow: UnitOfWork, engine: SagaEngine, charge: Charge) -> None:
    if charge.payment_id is None:
        _move(uow, charge, TOP_UP, payer=_clearing(charge), payee=_topped_up(charge))
        return
    if not await engine.signal(uow, charge.payment_id, CHARGE):
        log.warning("charge_came_too_late", charge_id=str(charge.id))
        await CardRefunds(uow).want_all([charge.id], uow.clock.now())


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
