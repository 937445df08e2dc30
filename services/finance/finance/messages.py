"""Says which function handles which message."""

from collections.abc import Sequence

from contracts.auth import UserChanged, UserRegistered
from contracts.finance import RunFileJob
from finance.service.file_jobs import make_ready
from finance.service.people import remember_people
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.messaging.routes import Routes
from kit.wake_up import WakeUp


def routes(file_jobs: WakeUp) -> Routes:
    """Return the routes; a file that may be worked on sets the wake-up."""

    async def begin(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await make_ready(uow, envelopes)
        uow.after_commit(file_jobs.set)

    return Routes(
        commands={RunFileJob: begin},
        events={UserRegistered: remember_people, UserChanged: remember_people},
    )
