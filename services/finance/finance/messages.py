"""Says which function handles which message."""

from functools import partial

from contracts.auth import UserChanged, UserRegistered
from contracts.shop import OrderPaid
from contracts.wallet import WalletOpened
from finance.service.news import hear
from kit.messaging.routes import Routes


def routes(time_zone: str) -> Routes:
    """Return the routes; one function locks the books of a whole batch at once."""
    news = partial(hear, time_zone=time_zone)
    return Routes(
        events=dict.fromkeys((UserRegistered, UserChanged, WalletOpened, OrderPaid), news)
    )
