"""A session and its refresh tokens: how long it lives, and which presented token is still good.

A refresh token is session id, counter and HMAC; nothing but the counter is stored of it, and the
successor of a token is computed, so that a repeated refresh can be given the same one again.
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

FRESH: Final = timedelta(minutes=15)
# Far more than anybody has devices: only a script that logs in for each call comes so far.
MOST_LIVE: Final = 100

_LAYOUT: Final = struct.Struct("!16sI32s")
_PREFIX: Final = "rt_"
_CONTEXT: Final = b"saldo refresh token 1"
_TOKEN_CHARACTERS: Final = len(_PREFIX) + -(-_LAYOUT.size * 4 // 3)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long sessions live without use and at all, and how long a lost answer is forgiven."""

    idle: timedelta
    absolute: timedelta
    grace: timedelta

    def expires_at(self, created_at: datetime, used_at: datetime) -> datetime:
        """Return when a session ends by itself: min(idle, absolute)."""
        return min(used_at + self.idle, created_at + self.absolute)


@dataclass(frozen=True, slots=True)
class Session:
    """One login; `counter` is that of the newest refresh token handed out."""

    id: UUID
    user_id: UUID
    counter: int
    hmac_key: bytes
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    user_agent: str | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it has neither been ended nor run out."""
        return self.ended_at is None and now < self.expires_at

    def rotated(self, now: datetime, expires_at: datetime) -> "Session":
        """Return the session after one more refresh."""
        return replace(self, counter=self.counter + 1, rotated_at=now, expires_at=expires_at)


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token taken apart; genuine only once `is_genuine` has said so."""

    session_id: UUID
    counter: int
    mac: bytes

    def is_genuine(self, hmac_key: bytes) -> bool:
        """Whether it was made with the session's key (compared in constant time)."""
        expected = _mac(self.session_id, self.counter, hmac_key)
        return hmac.compare_digest(self.mac, expected)


class Refreshed(Enum):
    """What a genuine refresh token is worth."""

    ROTATE = auto()  # the newest: hand out its successor
    REPEAT = auto()  # one behind, just now: hand out the same successor again
    REUSED = auto()  # anything else: somebody has a copy, the session ends


def is_fresh(authenticated_at: datetime | None, now: datetime) -> bool:
    """Tell whether somebody logged in so lately that the password need not be asked again."""
    return authenticated_at is not None and now - authenticated_at <= FRESH


def make_refresh_token(session_id: UUID, counter: int, hmac_key: bytes) -> str:
    """Return the refresh token of a session at a counter; the same input gives the same token."""
    packed = _LAYOUT.pack(session_id.bytes, counter, _mac(session_id, counter, hmac_key))
    return _PREFIX + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_refresh_token(token: str) -> PresentedToken | None:
    """Take a refresh token apart; None for whatever does not have its form."""
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
    """Judge a genuine token against a live session."""
    behind = session.counter - presented.counter
    if behind == 0:
        return Refreshed.ROTATE
    if behind == 1 and now - session.rotated_at <= grace:
        return Refreshed.REPEAT
    return Refreshed.REUSED


def _mac(session_id: UUID, counter: int, hmac_key: bytes) -> bytes:
    message = _CONTEXT + session_id.bytes + struct.pack("!I", counter)
    return hmac.digest(hmac_key, message, hashlib.sha256)
