"""Holds the verb of disputes: learn what payments tells. Its caller commits."""

from collections.abc import Iterable

from contracts.payments import PaymentDisputeClosed, PaymentDisputed
from contracts.wallet import SHOP
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from shop.repository import OrderDisputes


async def learn(uow: UnitOfWork, envelopes: Iterable[Envelope]) -> None:
    """Show disputes of the shop's payments, and how they ended, on their orders."""
    opened, closed = [], []
    for envelope in envelopes:
        match envelope.message:
            case PaymentDisputed(payee_id=payee_id) as told if payee_id == SHOP:
                opened.append(
                    (told.dispute_id, told.payment_id, told.amount_minor, told.reason, told.at)
                )
            case PaymentDisputeClosed(payee_id=payee_id) as told if payee_id == SHOP:
                closed.append(
                    (told.dispute_id, told.payment_id, told.amount_minor, told.outcome, told.at)
                )
    if opened:
        await OrderDisputes(uow).open(opened)
    if closed:
        await OrderDisputes(uow).close(closed)
