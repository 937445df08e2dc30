"""Which message is handled by which function."""

from contracts.auth import UserChanged, UserRegistered
from contracts.wallet import (
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    TransferPosted,
    TransferRefused,
    WalletOpened,
)
from kit.messaging.routes import Routes
from kit.saga import SagaEngine, shared_replies
from payments.listening import remember_people, remember_wallets


def routes(*engines: SagaEngine) -> Routes:
    """Return the table; replies go to the saga that asked, of the payments first of all."""
    to_the_saga = shared_replies(*engines)
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
            TransferPosted: to_the_saga,
            TransferRefused: to_the_saga,
        },
    )
