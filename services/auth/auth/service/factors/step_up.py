"""Dates a session anew, whose user has proved again who they are (RFC 9470)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from auth.domain.audit import Kind, Origin
from auth.domain.factors.methods import amr_of
from auth.repository import Sessions
from auth.service.audit import note
from auth.service.sessions import Continued
from kit.db import UnitOfWork
from kit.refusals import TokenInvalid


async def step_up(
    uow: UnitOfWork, session_id: UUID, proof: tuple[str, ...], origin: Origin, now: datetime
) -> Continued:
    """Store that a session's user has proved anew who they are.

    Raises:
        TokenInvalid: the session has ended meanwhile.
    """
    found = await Sessions(uow).with_user(session_id)
    if found is None or not found[0].is_live(now):
        raise TokenInvalid
    session, user = found
    # A password proves nothing anew of a factor that the user has removed.
    words = amr_of(session.amr, proof) if user.factors else proof
    stronger = replace(session, authenticated_at=now, amr=words)
    await Sessions(uow).step_up(stronger)
    about, details = ("session", str(session_id)), {"amr": " ".join(stronger.amr)}
    await note(uow, Kind.STEPPED_UP, user.id, origin, subject=about, details=details)
    return Continued(stronger, user)
