"""Decides what an OAuth client may ask for, and who may exchange its code.

RFC 6749 §4.1 with PKCE (RFC 7636), as RFC 9700 has it. Only the hash of a code is stored.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from auth.domain.scopes import Scope, decide_scopes
from auth.refusals import ChallengeMissing, ResponseTypeUnsupported

LIFETIME: Final = timedelta(seconds=60)

_CHALLENGE: Final = re.compile("[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile("[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of an authorization request that are not about the client."""

    response_type: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    scope: str | None


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a user is asked to allow: a client, back at an address, with scopes.

    `challenge` is the SHA-256 of the verifier that only the client has.
    """

    client_id: UUID
    redirect_uri: str
    challenge: bytes
    state: str | None
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """A code as stored, with what its user was at the login.

    `password_digest` is the SHA-256 of the password's hash; `amr` is by RFC 8176.
    """

    client_id: UUID
    user_id: UUID
    redirect_uri: str
    challenge: bytes
    scopes: frozenset[Scope]
    token_version: int
    password_digest: bytes
    amr: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PresentedCode:
    """A code as a client presents it, once the client itself is known."""

    code: str
    client_id: UUID
    redirect_uri: str
    verifier: str


class CodeVerdict(Enum):
    """Says what to do with a known code."""

    GRANTED = auto()  # open the session
    REFUSED = auto()  # use it up all the same: it has been seen by somebody else
    REUSED = auto()  # somebody has a copy: end the session that it opened


def decide_request(asked: Asked, allowed: frozenset[Scope]) -> tuple[bytes, frozenset[Scope]]:
    """Return the challenge and the scopes of a request that can be granted.

    Raises:
        ResponseTypeUnsupported: anything but a code is asked for.
        ChallengeMissing: no challenge, or a method that shows the verifier itself.
        ScopeUnknown: as `decide_scopes` says; `allowed` are the client's.
    """
    if asked.response_type != "code":
        raise ResponseTypeUnsupported
    challenge = asked.code_challenge or ""
    if asked.code_challenge_method != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise ChallengeMissing
    return base64.urlsafe_b64decode(challenge + "="), decide_scopes(asked.scope, allowed)


def decide_exchange(
    code: AuthorizationCode, presented: PresentedCode, now: datetime, *, is_unchanged: bool
) -> CodeVerdict:
    """Decide what to do with a code; `is_unchanged`: its user is as at the login.

    A code is used up by whoever presents it first, right or wrong (RFC 6749 §4.1.2).
    """
    if code.used_at is not None:
        return CodeVerdict.REUSED
    is_theirs = (
        code.client_id == presented.client_id
        and code.redirect_uri == presented.redirect_uri
        and _fits(presented.verifier, code.challenge)
    )
    is_good = is_unchanged and now < code.expires_at
    return CodeVerdict.GRANTED if is_theirs and is_good else CodeVerdict.REFUSED


def return_address(redirect_uri: str, **parameters: str | None) -> str:
    """Return the address that a user is sent back to, with what is to be told there."""
    told = {name: value for name, value in parameters.items() if value is not None}
    return f"{redirect_uri}?{urlencode(told)}"


def _fits(verifier: str, challenge: bytes) -> bool:
    if not _VERIFIER.fullmatch(verifier):
        return False
    return hmac.compare_digest(hashlib.sha256(verifier.encode()).digest(), challenge)
