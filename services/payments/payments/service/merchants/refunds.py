"""Refunds parts of merchants' payments, as the services ask that took them."""

from collections.abc import Mapping, Sequence
from typing import cast

from contracts.payments import RefundPayment
from contracts.wallet import MERCHANTS
from kit.card_numbers import without_card_number
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.messaging.routes import caused_by
from kit.money import decimal_text
from kit.refusals import Refusal
from kit.saga import SagaEngine
from payments.domain.merchants import MerchantRefund
from payments.domain.payment import Method
from payments.domain.refunds import Refund
from payments.refusals import PaymentNotFound
from payments.repository import Merchants, Payments, Refunds
from payments.service.cards.desk import CardDesk
from payments.service.merchants.answers import answer_refund, answer_refund_refusal
from payments.service.refunds import Asker, RefundOrder, request


async def refund(
    uow: UnitOfWork,
    envelopes: Sequence[Envelope],
    *,
    engines: Mapping[Method, SagaEngine],
    desk: CardDesk,
) -> None:
    """Begin to give parts of payments back.

    Those refused, and those asked for again, are answered; the others when they end.
    """
    await Payments(uow).lock_many([_command(envelope).payment_id for envelope in envelopes])
    for envelope in envelopes:
        asked = _asked_by(envelope)
        with caused_by(envelope):
            if not await Merchants(uow).add_refund(asked):
                await _repeat(uow, asked)
                continue
            try:
                await _begin(uow, _command(envelope), engines, desk)
            except Refusal as refusal:
                await Merchants(uow).refuse_refund(asked.refund_id, refusal.code)
                answer_refund_refusal(uow, asked, refusal.code)


def _command(envelope: Envelope) -> RefundPayment:
    return cast("RefundPayment", envelope.message)


def _asked_by(envelope: Envelope) -> MerchantRefund:
    command = _command(envelope)
    return MerchantRefund(
        refund_id=command.refund_id,
        asker=envelope.reply_to,
        subject=envelope.subject,
        command_id=command.command_id,
    )


async def _begin(
    uow: UnitOfWork,
    command: RefundPayment,
    engines: Mapping[Method, SagaEngine],
    desk: CardDesk,
) -> None:
    payment = await Payments(uow).get(command.payment_id)
    if payment is None or payment.payee_id not in MERCHANTS:
        raise PaymentNotFound
    order = RefundOrder(
        refund_id=command.refund_id,
        payment_id=payment.id,
        amount=decimal_text(command.amount_minor, payment.currency),
        reason=without_card_number(command.reason),
    )
    payee = Asker(user_id=payment.payee_id, is_admin=False)
    await request(uow, engines, order, payee, desk.refund_rule)


async def _repeat(uow: UnitOfWork, asked: MerchantRefund) -> None:
    """Answer a command that came before, as things stand."""
    known = await Merchants(uow).refund(asked.refund_id)
    if known is not None and known.refusal is not None:
        answer_refund_refusal(uow, asked, known.refusal)
        return
    for found in await Refunds(uow).among([asked.refund_id]):
        answer_refund(uow, asked, found)


async def refund_ended(uow: UnitOfWork, ended: Refund) -> None:
    """Answer the service that has asked for a refund, where one has."""
    asked = await Merchants(uow).refund(ended.id)
    if asked is not None:
        answer_refund(uow, asked, ended)
