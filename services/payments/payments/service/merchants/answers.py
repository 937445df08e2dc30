"""Answers services about the payments and refunds that they have asked for."""

from collections.abc import Iterable
from typing import TypeAlias

from contracts.payments import (
    CardPageOpened,
    PaymentNotTaken,
    PaymentReturned,
    PaymentTaken,
    RefundMade,
    RefundNotMade,
)
from kit.db import UnitOfWork
from kit.messaging.messages import Reply
from kit.messaging.outbox import emit
from payments.domain.cards.charges import Charge, ChargeStatus
from payments.domain.merchants import MerchantPayment, MerchantRefund
from payments.domain.payment import Method, Payment
from payments.domain.refunds import Refund, RefundStatus
from payments.repository import Merchants

_Asked: TypeAlias = MerchantPayment | MerchantRefund


def answer_refusal(uow: UnitOfWork, asked: MerchantPayment, method: Method, code: str) -> None:
    """Say that there is no such payment, and why."""
    reply = PaymentNotTaken(
        in_reply_to=asked.taken_by, payment_id=asked.payment_id, method=method.value, code=code
    )
    _send(uow, asked, reply)


def answer_end(uow: UnitOfWork, asked: MerchantPayment, ended: Payment) -> None:
    """Say that a payment was paid, or why it was not."""
    if ended.reason is not None:
        answer_refusal(uow, asked, ended.method, ended.reason)
        return
    reply = PaymentTaken(in_reply_to=asked.taken_by, payment_id=ended.id, method=ended.method.value)
    _send(uow, asked, reply)


async def answer_pages(uow: UnitOfWork, learnt: Iterable[Charge]) -> None:
    """Say where the card is entered, for merchants' charges among these."""
    opened = {
        one.payment_id: one
        for one in learnt
        if one.payment_id is not None and one.status is ChargeStatus.PENDING
    }
    if opened:
        for payment_id, asked in (await Merchants(uow).among(opened)).items():
            answer_page(uow, asked, opened[payment_id])


def answer_page(uow: UnitOfWork, asked: MerchantPayment, charge: Charge) -> None:
    """Say where the card is entered, once the provider has said so."""
    if charge.action_url is not None:
        reply = CardPageOpened(
            in_reply_to=asked.taken_by, payment_id=asked.payment_id, url=charge.action_url
        )
        _send(uow, asked, reply)


def answer_return(uow: UnitOfWork, asked: MerchantPayment) -> None:
    """Say that nothing of a payment is the merchant's."""
    _send(uow, asked, PaymentReturned(in_reply_to=asked.returned_by, payment_id=asked.payment_id))


def answer_refund(uow: UnitOfWork, asked: MerchantRefund, refund: Refund) -> None:
    """Say how a refund has ended; nothing while it has not."""
    if refund.status is RefundStatus.FAILED:
        answer_refund_refusal(uow, asked, refund.failure_reason or "refused")
    elif refund.has_ended:
        _send(uow, asked, RefundMade(in_reply_to=asked.command_id, refund_id=refund.id))


def answer_refund_refusal(uow: UnitOfWork, asked: MerchantRefund, code: str) -> None:
    """Say that nothing goes back, and why."""
    reply = RefundNotMade(in_reply_to=asked.command_id, refund_id=asked.refund_id, code=code)
    _send(uow, asked, reply)


def _send(uow: UnitOfWork, asked: _Asked, reply: Reply) -> None:
    if asked.asker is not None:
        emit(uow, reply, subject=asked.subject, to=asked.asker)
