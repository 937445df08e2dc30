"""Takes payments back for merchants, however far each has come.

A return goes on when its command is repeated, when its payment ends, and when a refund of that
completes; each time what is left is looked at anew, so nothing goes back twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast
from uuid import UUID

from contracts.payments import ReturnPayment
from contracts.wallet import MERCHANTS
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from kit.messaging.messages import Envelope
from kit.messaging.routes import caused_by
from kit.refusals import Refusal
from kit.saga import SagaEngine, UndoOutcome
from payments.domain.merchants import MerchantPayment, ReturnStep, decide_take_back
from payments.domain.payment import Method, Payment
from payments.domain.reasons import UNDONE
from payments.repository import Disputes, Merchants, Payments, Refunds
from payments.repository.payments import payments_among
from payments.service.cards.desk import CardDesk
from payments.service.merchants.answers import answer_end, answer_return
from payments.service.refunds import Asker, RefundOrder, request

log = get_logger(__name__)


class Returns:
    """Gives payments back by undoing or refunding them."""

    def __init__(self, refunds: Mapping[Method, SagaEngine], desk: CardDesk) -> None:
        """Take the engines that refund, and what the provider of cards can give back."""
        self._refunds = refunds
        self._desk = desk

    async def take_back(
        self, uow: UnitOfWork, envelopes: Sequence[Envelope], *, engine: SagaEngine
    ) -> None:
        """Give payments back, and answer those of which the merchant has nothing any more."""
        asked = {_command(envelope).payment_id: envelope for envelope in envelopes}
        wanted = [_asked_by(asked[payment_id]) for payment_id in sorted(asked)]
        # What is not known yet is refused when it comes.
        unknown = await Merchants(uow).add([replace(one, refusal=UNDONE) for one in wanted])
        known = [one for one in wanted if one.payment_id not in unknown]
        await Payments(uow).lock_many([one.payment_id for one in known])
        taken = await Merchants(uow).want_back(known)
        payments = {payment.id: payment for payment in await payments_among(uow, taken)}
        for one in wanted:
            with caused_by(asked[one.payment_id]):
                await self._begin(uow, one, payments.get(one.payment_id), engine)

    async def _begin(
        self,
        uow: UnitOfWork,
        asked: MerchantPayment,
        payment: Payment | None,
        engine: SagaEngine,
    ) -> None:
        if payment is None:
            answer_return(uow, asked)
        elif payment.is_final:
            await self._go_on(uow, asked, payment)
        elif await engine.request_undo(uow, payment.id, UNDONE) is UndoOutcome.TOO_LATE:
            log.info("return_waits_for_the_end", payment_id=str(payment.id))

    async def payments_ended(self, uow: UnitOfWork, ended: Iterable[Payment]) -> None:
        """Answer the ends of merchants' payments, which are locked; return what was to be."""
        theirs = {one.id: one for one in ended if one.payee_id in MERCHANTS}
        if not theirs:
            return
        for payment_id, asked in (await Merchants(uow).among(theirs)).items():
            answer_end(uow, asked, theirs[payment_id])
            if asked.return_id is not None:
                await self._go_on(uow, asked, theirs[payment_id])

    async def refund_completed(self, uow: UnitOfWork, payment_id: UUID) -> None:
        """Go on with the return of a payment, which is locked, where one is wanted."""
        asked = (await Merchants(uow).among([payment_id])).get(payment_id)
        if asked is not None and asked.return_id is not None:
            [payment] = await payments_among(uow, [payment_id])
            await self._go_on(uow, asked, payment)

    async def _go_on(self, uow: UnitOfWork, asked: MerchantPayment, payment: Payment) -> None:
        taken = await Disputes(uow).taken_of(payment.id)
        is_refunding = await Refunds(uow).are_under_way(payment.id)
        step = decide_take_back(payment, taken, is_refunding=is_refunding)
        if step is ReturnStep.IS_DONE:
            answer_return(uow, asked)
        elif step is ReturnStep.REFUND:
            await self._refund(uow, payment)
        else:
            log.info("return_waits", payment_id=str(payment.id))

    async def _refund(self, uow: UnitOfWork, payment: Payment) -> None:
        order = RefundOrder(refund_id=new_id(), payment_id=payment.id, amount=None, reason=None)
        payee = Asker(user_id=payment.payee_id, is_admin=False)
        try:
            await request(uow, self._refunds, order, payee, self._desk.refund_rule)
        except Refusal as refusal:
            log.warning("return_refused", payment_id=str(payment.id), code=refusal.code)


def _command(envelope: Envelope) -> ReturnPayment:
    return cast("ReturnPayment", envelope.message)


def _asked_by(envelope: Envelope) -> MerchantPayment:
    command = _command(envelope)
    return MerchantPayment(
        payment_id=command.payment_id,
        asker=envelope.reply_to,
        subject=envelope.subject,
        return_id=command.command_id,
    )
