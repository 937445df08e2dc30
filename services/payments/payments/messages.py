"""Says which function handles which message."""

from collections.abc import Sequence

from contracts.auth import UserChanged, UserRegistered
from contracts.wallet import (
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    TransferPosted,
    TransferRefused,
    WalletOpened,
)
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.messaging.routes import Routes
from kit.saga import SagaEngine, shared_replies
from payments.projections import remember_people, remember_wallets
from payments.service.replies import by_asker, take


def routes(*engines: SagaEngine) -> Routes:
    """Return the routes: replies go to the saga that asked, or else to cards."""
    to_the_saga = shared_replies(*engines)

    async def about_money(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        of_sagas, of_cards = by_asker(envelopes)
        if of_sagas:
            await to_the_saga(uow, of_sagas)
        await take(uow, of_cards)

    return Routes(
        events={
            UserRegistered: remember_people,
            UserChanged: remember_people,
            WalletOpened: remember_wallets,
        },
        replies={
            HoldPlaced: to_the_saga,
            HoldRefused: to_the_saga,
            HoldReleased: to_the_saga,
            TransferPosted: about_money,
            TransferRefused: about_money,
        },
    )
