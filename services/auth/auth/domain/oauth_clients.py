"""Decides where a registered OAuth client may have its users sent back to.

A client is a front end of somebody else's (RFC 6749 §1.1); ours need no registration.
"""

import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from auth.domain.links import digest
from auth.domain.scopes import Scope
from auth.refusals import (
    ClientNameRefused,
    ClientUnknown,
    RedirectUriRefused,
    RedirectUriUnknown,
)
from kit.characters import holds_unseen

NAME_LONGEST: Final = 60
URI_LONGEST: Final = 512
MOST_URIS: Final = 10
LONGEST_OVERLAP: Final = timedelta(days=7)  # of a secret and the one before it
SECRET_PREFIX: Final = "cs_"  # noqa: S105 - secrets begin with it, so that scanners know them

# Neither query nor fragment: what is added to the address stands alone in it.
_PATH: Final = r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*"
_PORT: Final = r"(?::[1-9][0-9]{0,4})?"
_HTTPS: Final = re.compile(rf"(https://([a-z0-9][a-z0-9.-]*{_PORT})){_PATH}")
_LOOPBACK: Final = re.compile(rf"(http://(?:127\.0\.0\.1|\[::1\]|localhost)){_PORT}({_PATH})")
# The dot keeps `javascript:`, `data:` and the like out (RFC 8252 §7.1).
_PRIVATE: Final = re.compile(rf"([a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:){_PATH}")
# The pattern of all of them.
URI: Final = f"^({_HTTPS.pattern}|{_LOOPBACK.pattern}|{_PRIVATE.pattern})$"


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """A registered client; one without a secret is public: an app, or a web page.

    Attributes: scopes: What it may do at most, for users who allow it. old_secret_until: How long
    the secret before the newest one still works.
    """

    id: UUID
    name: str
    redirect_uris: tuple[str, ...]
    scopes: frozenset[Scope]
    secret_hash: bytes | None
    created_by: UUID
    created_at: datetime
    disabled_at: datetime | None = None
    old_secret_hash: bytes | None = None
    old_secret_until: datetime | None = None

    @property
    def is_public(self) -> bool:
        """Tell whether it has no secret (RFC 6749 §2.1)."""
        return self.secret_hash is None

    @property
    def is_active(self) -> bool:
        """Tell whether it may log users in and refresh their tokens."""
        return self.disabled_at is None

    def knows(self, secret: str | None, now: datetime) -> bool:
        """Tell whether this is its secret (compared in constant time), or it has none."""
        if self.secret_hash is None or secret is None:
            return self.secret_hash is None and secret is None
        given = digest(secret)
        is_old = hmac.compare_digest(self.old_secret_hash or b"", given)
        works_still = self.old_secret_until is not None and now < self.old_secret_until
        return hmac.compare_digest(self.secret_hash, given) or (is_old and works_still)

    def may_return_to(self, uri: str) -> bool:
        """Tell whether an address is one of its own, to the letter (RFC 9700 §2.1).

        A public client's loopback address may have any port, as the system gives it one at each
        start (RFC 8252 §7.3).
        """
        if uri in self.redirect_uris:
            return True
        given = _without_port(uri)
        own = (_without_port(one) for one in self.redirect_uris)
        return self.is_public and given is not None and given in own


def client_name(text: str) -> str:
    """Return a name that people can read on the page where they log in.

    Raises:
        ClientNameRefused: nothing to see, or characters that are not seen, or turn others round.
    """
    turns = any(unicodedata.category(character) == "Cf" for character in text)
    if not text.strip() or len(text) > NAME_LONGEST or holds_unseen(text) or turns:
        raise ClientNameRefused
    return text


def redirect_uri(text: str, *, is_public: bool) -> str:
    """Return an address that a client may register.

    Raises:
        RedirectUriRefused: it is none, or an app's own scheme for a client with a secret.
    """
    is_web = _HTTPS.fullmatch(text) or _LOOPBACK.fullmatch(text)
    is_own_scheme = is_public and _PRIVATE.fullmatch(text)
    if len(text) > URI_LONGEST or not (is_web or is_own_scheme):
        raise RedirectUriRefused
    return text


def require_address(client: OAuthClient | None, uri: str | None) -> OAuthClient:
    """Return a client that may have a user sent to this address.

    Raises:
        ClientUnknown: there is no such client, or it is switched off.
        RedirectUriUnknown: the address is not its own.
    """
    if client is None or not client.is_active:
        raise ClientUnknown
    if uri is None or not client.may_return_to(uri):
        raise RedirectUriUnknown
    return client


def place_of(uri: str) -> str:
    """Return what people are told of an address: host and port, or the app's scheme."""
    found = _HTTPS.fullmatch(uri)
    if found is not None:
        return found[2]
    return uri.split("/")[2] if _LOOPBACK.fullmatch(uri) else uri.partition(":")[0]


def form_target(uri: str) -> str:
    """Return what a page's `form-action` has to name to let a form lead here (CSP3)."""
    found = _HTTPS.fullmatch(uri)
    return f"{uri.partition(':')[0]}:" if found is None else found[1]


def _without_port(uri: str) -> tuple[str, str] | None:
    found = _LOOPBACK.fullmatch(uri)
    return None if found is None else (found[1], found[2])
