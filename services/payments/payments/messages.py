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
from kit.saga import SagaEngine
from payments.listening import remember_people, remember_wallets


def routes(engine: SagaEngine) -> Routes:
    """Return the table; replies go to the saga that asked."""
    return Routes(
        events={
            UserRegistered: remember_people,
            UserChanged: remember_people,
            WalletOpened: remember_wallets,
        },
        replies={
            HoldPlaced: engine.handle_replies,
            HoldRefused: engine.handle_replies,
            HoldReleased: engine.handle_replies,
            TransferPosted: engine.handle_replies,
            TransferRefused: engine.handle_replies,
        },
    )
