"""Answers with how a file's job has ended, where its owner prefers to wait."""

import asyncio
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from finance.api.owners import ACCEPTED, OK
from finance.domain.files.file_jobs import FileJob
from finance.live.exports import ended
from finance.wiring import Wiring
from kit.web.answers import Answer
from kit.web.identity import Identity
from kit.web.prefer import preference_applied

WAITING: Final = " With `Prefer: wait=N` it is 200 once that is over, if it is in time."


class _JobNamed(BaseModel):
    id: UUID


def documented_end(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Document the answer of a job that was over in time."""
    return {OK: {"model": model, "description": "It is over: done, or failed."}}


async def in_time(
    accepted: Answer,
    wait: float | None,
    caller: Identity,
    wired: Wiring,
    shown: Callable[[FileJob], BaseModel],
) -> Answer:
    """Return the job as it has ended, if it does in time; else the answer as accepted.

    No unit of work is open here. A caller who has as many requests waiting as one person may is
    answered at once.
    """
    if wait is None:
        return accepted
    headers = {**accepted.own_headers, **preference_applied(wait)}
    with wired.places.place(caller.user) as is_free:
        if not is_free:
            return accepted
        try:
            async with asyncio.timeout(wait):
                job = await ended(wired.database, accepted.says(_JobNamed).id)
        except TimeoutError:
            job = None
    if job is None:
        return Answer(ACCEPTED, body=accepted.body, headers=headers)
    return Answer(OK, shown(job), headers)
