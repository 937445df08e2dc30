"""Decides how long sessions live and which refresh tokens are still good.

A refresh token is session id, counter and HMAC. Only the counter is stored. The next token is
computed, so a repeated refresh gets the same one again.
"""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final
from uuid import UUID

from auth.domain.scopes import Scope

# Nobody has so many devices; only a script that logs in for each call gets this far.
MOST_LIVE: Final = 100

_LAYOUT: Final = struct.Struct("!16sI32s")
_PREFIX: Final = "rt_"
_CONTEXT: Final = b"saldo refresh token 1"
_TOKEN_CHARACTERS: Final = len(_PREFIX) + -(-_LAYOUT.size * 4 // 3)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """The lifetimes of a session, unused and in total, and the grace for lost answers."""

    idle: timedelta
    absolute: timedelta
    grace: timedelta

    def expires_at(self, created_at: datetime, used_at: datetime) -> datetime:
        """Return when a session expires: the earlier of idle and absolute end."""
        return min(used_at + self.idle, created_at + self.absolute)


@dataclass(frozen=True, slots=True)
class Session:
    """A login; `counter` is that of its newest refresh token.

    Attributes: rotated_at: when it was last used, by a refresh. authenticated_at, amr: when its
    user last proved who they are, and how, in the words of RFC 8176. address: where it was last
    used. client_id, client_name: the OAuth client that has its tokens; None for our own front ends,
    which may do all that the user may. scopes: what that client may do.
    """

    id: UUID
    user_id: UUID
    counter: int
    hmac_key: bytes
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    authenticated_at: datetime
    amr: tuple[str, ...] = ("pwd",)
    address: str | None = None
    user_agent: str | None = None
    client_id: UUID | None = None
    client_name: str | None = None
    scopes: frozenset[Scope] = frozenset()

    def is_live(self, now: datetime) -> bool:
        """Tell whether the session has neither ended nor expired."""
        return self.ended_at is None and now < self.expires_at

    def rotated(self, now: datetime, expires_at: datetime, address: str) -> "Session":
        """Return the session as it is after one more refresh, from an address."""
        return replace(
            self,
            counter=self.counter + 1,
            rotated_at=now,
            expires_at=expires_at,
            address=address,
        )


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """The parts of a refresh token; trust them only if `is_genuine` says so."""

    session_id: UUID
    counter: int
    mac: bytes

    def is_genuine(self, hmac_key: bytes) -> bool:
        """Tell whether it was made with the session's key (compared in constant time)."""
        expected = _mac(self.session_id, self.counter, hmac_key)
        return hmac.compare_digest(self.mac, expected)


class Refreshed(Enum):
    """Says what to do with a genuine refresh token."""

    ROTATE = auto()  # the newest token: hand out the next
    REPEAT = auto()  # the one before, within the grace: hand out the same next one again
    REUSED = auto()  # an older one: somebody has a copy, so end the session


def is_noted(before: Session, after: Session) -> bool:
    """Tell whether the log keeps a refresh: the first of an hour, or from elsewhere."""
    return (_hour(before.rotated_at), before.address) != (_hour(after.rotated_at), after.address)


def make_refresh_token(session_id: UUID, counter: int, hmac_key: bytes) -> str:
    """Return a session's refresh token at a counter; equal input gives equal tokens."""
    packed = _LAYOUT.pack(session_id.bytes, counter, _mac(session_id, counter, hmac_key))
    return _PREFIX + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_refresh_token(token: str) -> PresentedToken | None:
    """Parse a refresh token; return None if its form is wrong."""
    if len(token) != _TOKEN_CHARACTERS or not token.startswith(_PREFIX):
        return None
    body = token.removeprefix(_PREFIX)
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    session_id, counter, mac = _LAYOUT.unpack(raw)
    return PresentedToken(UUID(bytes=session_id), counter, mac)


def decide_refresh(
    session: Session, presented: PresentedToken, *, now: datetime, grace: timedelta
) -> Refreshed:
    """Decide what to do with a genuine token of a live session."""
    behind = session.counter - presented.counter
    if behind == 0:
        return Refreshed.ROTATE
    if behind == 1 and now - session.rotated_at <= grace:
        return Refreshed.REPEAT
    return Refreshed.REUSED


def _mac(session_id: UUID, counter: int, hmac_key: bytes) -> bytes:
    message = _CONTEXT + session_id.bytes + struct.pack("!I", counter)
    return hmac.digest(hmac_key, message, hashlib.sha256)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
