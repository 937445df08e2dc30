"""Says which function handles which message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from contracts.auth import UserChanged, UserRegistered
from contracts.payments import RefundPayment, ReturnPayment, TakePayment
from contracts.wallet import (
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    TransferPosted,
    TransferRefused,
    WalletOpened,
)
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope, Message
from kit.messaging.routes import Handler, Routes
from kit.saga import SagaEngine, shared_replies
from payments.domain.payment import Method
from payments.domain.policies import Terms
from payments.projections import remember_people, remember_wallets
from payments.service.cards.desk import CardDesk
from payments.service.merchants.commands import carry_out
from payments.service.merchants.payments import take as take_payments
from payments.service.merchants.refunds import refund
from payments.service.merchants.returns import Returns
from payments.service.replies import by_asker, take


@dataclass(frozen=True, slots=True)
class Means:
    """What messages move payments by."""

    payment: SagaEngine
    refunds: Mapping[Method, SagaEngine]
    returns: Returns
    terms: Terms
    desk: CardDesk


def routes(means: Means) -> Routes:
    """Return the routes: replies go to the saga that asked, or else to cards.

    What locks payments goes to one handler for each queue: that locks those of a whole batch first.
    """
    engine, engines, desk = means.payment, means.refunds, means.desk
    to_the_saga = shared_replies(engine, *engines.values())
    merchants: dict[type[Message], Handler] = {
        TakePayment: partial(take_payments, engine=engine, terms=means.terms, desk=desk),
        ReturnPayment: partial(means.returns.take_back, engine=engine),
        RefundPayment: partial(refund, engines=engines, desk=desk),
    }

    async def about_money(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        of_sagas, of_cards = by_asker(envelopes)
        if of_sagas:
            await to_the_saga(uow, of_sagas)
        await take(uow, of_cards)

    return Routes(
        commands=dict.fromkeys(
            (TakePayment, ReturnPayment, RefundPayment), partial(carry_out, handlers=merchants)
        ),
        events={
            UserRegistered: remember_people,
            UserChanged: remember_people,
            WalletOpened: remember_wallets,
        },
        replies=dict.fromkeys(
            (HoldPlaced, HoldRefused, HoldReleased, TransferPosted, TransferRefused), about_money
        ),
        # A saga ignores what answers no open question; what cards are told is theirs once.
        repeatable=frozenset({"replies"}),
    )
