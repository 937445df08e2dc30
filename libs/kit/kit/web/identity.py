"""Owns who is calling, and which of the five access levels that opens.

Does not verify tokens: `app.state.tokens` does (`kit.tokens`). Does not know who owns what: verbs
look that up, and answer for another's object as for a missing one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Depends, Request
from msgspec import Struct

from kit.money import Money
from kit.refusals import Forbidden, NotAuthenticated, TokenInvalid, Unavailable
from kit.scopes import KeyBounded, NotForKeys, ScopeMissing
from kit.web.access import Access

_SCHEME = b"bearer "


class VerifiedClaims(Protocol):
    """Says what a verified access token says, as `kit.tokens.Claims` holds it."""

    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def user_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def session_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def roles(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def service(self) -> str | None: ...  # noqa: D102
    @property
    def auth_time(self) -> datetime | None: ...  # noqa: D102
    @property
    def amr(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def scope(self) -> frozenset[str] | None: ...  # noqa: D102
    @property
    def wallet_ids(self) -> frozenset[UUID] | None: ...  # noqa: D102
    @property
    def per_day(self) -> Money | None: ...  # noqa: D102
    @property
    def has_factor(self) -> bool: ...  # noqa: D102
    @property
    def confirm_above(self) -> Mapping[str, int]: ...  # noqa: D102


class Tokens(Protocol):
    """Verifies access tokens; raises TokenInvalid or Unavailable."""

    async def verify(self, token: str) -> VerifiedClaims:
        """Return the claims of a good access token."""
        ...


class Identity(Struct, frozen=True):
    """Says who is calling.

    `user_id` and `session_id` are set for users, `service` (its name) for services. `token` is the
    access token itself, for asking another service in the caller's name. `auth_time` and `amr`
    (RFC 8176) say when and how the user logged in, `has_factor` whether one is enrolled. `scope` is
    what the token is limited to, None where to nothing but the roles; `wallet_ids` and `per_day`
    are the bounds of an API key, as in `kit.tokens.Claims`, and so is `confirm_above` the user's.
    """

    subject: str
    user_id: UUID | None
    session_id: UUID | None
    roles: frozenset[str]
    service: str | None
    token: str
    auth_time: datetime | None = None
    amr: tuple[str, ...] = ()
    scope: frozenset[str] | None = None
    wallet_ids: frozenset[UUID] | None = None
    per_day: Money | None = None
    has_factor: bool = False
    confirm_above: Mapping[str, int] = {}

    @property
    def is_admin(self) -> bool:
        """Tell whether the caller has the role admin."""
        return "admin" in self.roles

    @property
    def user(self) -> UUID:
        """Return the caller's user id, where the access level admits users only.

        Raises:
            Forbidden: the caller is a service.
        """
        if self.user_id is None:
            raise Forbidden
        return self.user_id

    def may_use(self, wallet_id: UUID | None) -> bool:
        """Tell whether a wallet is within the caller's bounds; only a key has some.

        A bounded key has to name its wallet: None, a default one, is outside.
        """
        return self.wallet_ids is None or wallet_id in self.wallet_ids

    def require_all_wallets(self) -> None:
        """Refuse a key that works with some wallets only, where all are meant.

        Raises:
            KeyBounded: it does.
        """
        if self.wallet_ids is not None:
            raise KeyBounded

    def require_no_amount(self) -> None:
        """Refuse a key that is held to an amount of a day, where none is counted.

        Raises:
            KeyBounded: it is.
        """
        if self.per_day is not None:
            raise KeyBounded


async def authenticate(headers: Mapping[bytes, bytes], tokens: Tokens | None) -> Identity:
    """Return who the Authorization header speaks for.

    Raises:
        NotAuthenticated: there is no bearer token.
        TokenInvalid: it is not a good one.
        Unavailable: it can't be checked now.
    """
    credentials = headers.get(b"authorization")
    if credentials is None or credentials[:7].lower() != _SCHEME:
        raise NotAuthenticated
    if tokens is None:
        raise Unavailable
    if not credentials.isascii():
        raise TokenInvalid
    token = credentials[7:].decode("ascii").strip()
    claims = await tokens.verify(token)
    return Identity(
        claims.subject,
        claims.user_id,
        claims.session_id,
        claims.roles,
        claims.service,
        token,
        claims.auth_time,
        claims.amr,
        claims.scope,
        claims.wallet_ids,
        claims.per_day,
        claims.has_factor,
        claims.confirm_above,
    )


def authorise(identity: Identity, access: Access, scope: str | None = None) -> None:
    """Refuse an identity that the access level or the scope does not admit.

    A service's token never passes for a user's, whatever roles it names (ASVS 9.2.2). A token that
    is limited to scopes passes nowhere without one: an operation that has none is closed to it.

    Raises:
        TokenInvalid: a service's token on a user's operation.
        Forbidden: a user on a service's or an admin's operation.
        ScopeMissing, NotForKeys: a token that is limited to other scopes.
    """
    if access == "service":
        if identity.service is None:
            raise Forbidden
        return
    if identity.user_id is None:
        raise TokenInvalid
    if access == "admin" and "admin" not in identity.roles:
        raise Forbidden
    if identity.scope is None:
        return
    if scope is None:
        raise NotForKeys
    if scope not in identity.scope:
        raise ScopeMissing(scope=scope)


async def caller(request: Request) -> Identity:
    """Return who is calling.

    Routes that take `Caller` are given the identity that was checked already.
    """
    identity: Any = request.scope.get("saldo.identity")
    if not isinstance(identity, Identity):
        raise NotAuthenticated
    return identity


Caller = Annotated[Identity, Depends(caller)]


async def maybe_caller(request: Request) -> Identity | None:
    """Return who is calling, None where an open operation is called without a token."""
    identity: Identity | None = request.scope.get("saldo.identity")
    return identity


MaybeCaller = Annotated[Identity | None, Depends(maybe_caller)]
