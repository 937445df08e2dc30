"""Says whose book a request is about: the caller's own, and nobody else's."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from finance.domain.books import BookOwner
from finance.wiring import Wired
from kit.web.identity import Caller

OK, CREATED = 200, 201


async def _owner(caller: Caller, wired: Wired) -> BookOwner:
    return BookOwner(caller.user, wired.settings.time_zone)


Owning = Annotated[BookOwner, Depends(_owner)]
MoveTo = Annotated[
    UUID | None, Query(description="Who takes over what refers to it, so that it can go.")
]
