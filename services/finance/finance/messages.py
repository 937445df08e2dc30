"""Says which function handles which message."""

from collections.abc import Sequence
from functools import partial

from contracts.auth import UserChanged, UserRegistered
from contracts.finance import RunFileJob
from contracts.shop import OrderPaid
from contracts.wallet import WalletOpened
from finance.service.files.file_jobs import make_ready
from finance.service.news import hear
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.messaging.routes import Routes
from kit.wake_up import WakeUp


def routes(time_zone: str, file_jobs: WakeUp) -> Routes:
    """Return the routes; a file that may be worked on sets the wake-up.

    One function locks the books of a whole batch of news at once.
    """
    news = partial(hear, time_zone=time_zone)

    async def begin(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await make_ready(uow, envelopes)
        uow.after_commit(file_jobs.set)

    return Routes(
        commands={RunFileJob: begin},
        events=dict.fromkeys((UserRegistered, UserChanged, WalletOpened, OrderPaid), news),
    )
