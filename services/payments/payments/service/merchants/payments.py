"""Takes payments for merchants, a batch of commands at a time.

They are paid as any payment is; what differs is who asks, that nobody of this name is a user, and
that the end is answered.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from msgspec.structs import replace

from contracts.payments import TakePayment
from contracts.wallet import MERCHANTS
from kit.card_numbers import without_card_number
from kit.context import Context
from kit.db import UnitOfWork
from kit.messaging.cloudevents import trace_of
from kit.messaging.messages import Envelope
from kit.messaging.routes import caused_by
from kit.money import Money
from kit.refusals import Refusal
from kit.saga import SagaEngine
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.merchants import MerchantPayment
from payments.domain.parties import Ends, Parties, PayeeName, Person
from payments.domain.payment import Method
from payments.domain.policies import Terms
from payments.refusals import PayeeNotFound
from payments.repository import Charges, KnownPeople, Merchants, Payments
from payments.repository.payments import payments_among
from payments.service.cards.charges import Card
from payments.service.cards.desk import CardDesk
from payments.service.merchants.answers import answer_end, answer_page, answer_refusal
from payments.service.payments import AtOnce, pay_at_once


async def take(
    uow: UnitOfWork,
    envelopes: Sequence[Envelope],
    *,
    engine: SagaEngine,
    terms: Terms,
    desk: CardDesk,
) -> None:
    """Create payments and begin to pay them.

    Those refused, and those asked for again, are answered; the others when they end. It takes as
    many statements for many as for one, and a few more for each that is paid by card.
    """
    fresh = await Merchants(uow).add([asked_by(envelope) for envelope in envelopes])
    new: dict[UUID, Envelope] = {}
    again = []
    for envelope in envelopes:
        payment_id = _command(envelope).payment_id
        if payment_id in fresh and payment_id not in new:
            new[payment_id] = envelope
        else:
            again.append(envelope)
    if new:
        await _begin(uow, list(new.values()), engine, terms, desk)
    if again:
        await _repeat(uow, again)


def asked_by(envelope: Envelope) -> MerchantPayment:
    """Return what a command to take a payment asks for, and who asks."""
    return MerchantPayment(
        payment_id=_command(envelope).payment_id,
        asker=envelope.reply_to,
        subject=envelope.subject,
        take_id=_command(envelope).command_id,
    )


def _command(envelope: Envelope) -> TakePayment:
    return cast("TakePayment", envelope.message)


async def _begin(
    uow: UnitOfWork,
    new: Sequence[Envelope],
    engine: SagaEngine,
    terms: Terms,
    desk: CardDesk,
) -> None:
    commands = [_command(envelope) for envelope in new]
    known = await KnownPeople(uow).parties(
        [Ends(one.payer_id, PayeeName(user_id=one.payee_id)) for one in commands]
    )
    wanted: list[AtOnce] = []
    refused: dict[UUID, str] = {}
    for envelope, parties in zip(new, known, strict=True):
        try:
            wanted.append(_decided(envelope, parties, terms, desk, uow.clock.now()))
        except Refusal as refusal:
            refused[_command(envelope).payment_id] = refusal.code
    failed = []
    if wanted:
        failed = await pay_at_once(uow, wanted, engine=engine, policies=terms.policies)
    if refused:
        await Merchants(uow).refuse(refused)
    await _ask_for_pages(uow, wanted, desk)
    codes = refused | {one.id: cast("str", one.reason) for one in failed}
    for envelope in new:
        command = _command(envelope)
        if command.payment_id in codes:
            with caused_by(envelope):
                code = codes[command.payment_id]
                answer_refusal(uow, asked_by(envelope), Method(command.method), code)


def _decided(
    envelope: Envelope, known: Parties, terms: Terms, desk: CardDesk, now: datetime
) -> AtOnce:
    command = _command(envelope)
    if command.payee_id not in MERCHANTS:
        raise PayeeNotFound
    order = PaymentOrder(
        payer_id=command.payer_id,
        payee=PayeeName(user_id=command.payee_id),
        amount=Money(command.amount_minor, command.currency),
        description=without_card_number(command.description),
        order_id=UUID(command.reference),
    )
    # Who is not known to be active may have become so: only active users get what asks for this.
    payer = known.payer if known.payer is not None and known.payer.is_barred else None
    parties = Parties(payer, Person(command.payee_id, None, "active"))
    payment = decide_creation(order, parties, payment_id=command.payment_id, now=now, ttl=terms.ttl)
    card = _card(command, desk)
    if card is not None:
        card.check(Money(payment.amount_minor, payment.currency))
    return AtOnce(
        replace(payment, method=Method(command.method)), Context(**trace_of(envelope)), card
    )


def _card(command: TakePayment, desk: CardDesk) -> Card | None:
    if command.method == "wallet":
        return None
    if command.return_url is None:
        raise ValueError("a payment by card needs an address to return to")
    named = {"email": command.receipt_email, "phone": command.receipt_phone}
    contact = {way: address for way, address in named.items() if address is not None}
    return desk.card(command.return_url, contact or None)


async def _ask_for_pages(uow: UnitOfWork, wanted: Sequence[AtOnce], desk: CardDesk) -> None:
    """Have the provider asked at once, as no request of the payer's does it."""
    by_card = [one.payment.id for one in wanted if one.card is not None]
    for payment_id in by_card:
        await Charges(uow).ask_soon(payment_id, uow.clock.now())
    if by_card:
        uow.after_commit(desk.wake_up.set)


async def _repeat(uow: UnitOfWork, again: Sequence[Envelope]) -> None:
    """Answer commands that came before, as things stand."""
    ids = [_command(envelope).payment_id for envelope in again]
    await Payments(uow).lock_many(ids)
    known = await Merchants(uow).among(ids)
    payments = {one.id: one for one in await payments_among(uow, ids)}
    charges = {one.payment_id: one for one in await Charges(uow).of_payments(ids)}
    for envelope in again:
        asked, command = asked_by(envelope), _command(envelope)
        code = known[command.payment_id].refusal
        with caused_by(envelope):
            if code is not None:
                answer_refusal(uow, asked, Method(command.method), code)
                continue
            if command.payment_id in charges:
                answer_page(uow, asked, charges[command.payment_id])
            if payments[command.payment_id].is_final:
                answer_end(uow, asked, payments[command.payment_id])
