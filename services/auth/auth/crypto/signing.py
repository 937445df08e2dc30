"""Signs access tokens (ES256, RFC 9068) and publishes the keys to verify them.

It does not decide who gets a token.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from jwt.algorithms import ECAlgorithm

from auth.domain.api_keys import ApiKey
from auth.domain.keys import KeyStatus, PublicKey, published, thumbprint
from auth.domain.scopes import scope_text
from auth.domain.sessions import Session
from auth.domain.users import Role, User
from kit.ids import new_id_text

ALGORITHM: Final = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key with its private part (PKCS#8, DER); it never leaves the process."""

    public: PublicKey
    private_der: bytes


def generate_key(status: KeyStatus, now: datetime) -> SigningKey:
    """Make a P-256 key."""
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = json.loads(ECAlgorithm.to_jwk(private.public_key()))
    jwk = {name: str(numbers[name]) for name in ("kty", "crv", "x", "y")}
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    activated_at = now if status is KeyStatus.ACTIVE else None
    return SigningKey(PublicKey(thumbprint(jwk), status, jwk, now, activated_at), der)


class TokenSigner:
    """Makes access tokens with the active key.

    Args:
        keys: all that are stored; `use` replaces them.
        issuer: of all tokens.
        audience: of all tokens.
        lifetime: of a user's token.
        kept: how long a retired key stays published; as long as any of its tokens lives.
    """

    def __init__(
        self,
        keys: Iterable[SigningKey],
        *,
        issuer: str,
        audience: str,
        lifetime: timedelta,
        kept: timedelta,
    ) -> None:
        self._keys: tuple[SigningKey, ...] = ()
        self.use(keys)
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._kept = kept

    def use(self, keys: Iterable[SigningKey]) -> bool:
        """Sign with the active one of these from now on; return whether they are others."""
        given = tuple(keys)
        if given == self._keys:
            return False
        active = next(key for key in given if key.public.status is KeyStatus.ACTIVE)
        # Loaded once, because parsing the key costs more than a signature.
        self._private = load_der_private_key(active.private_der, password=None)
        self.kid = active.public.kid
        self._keys = given
        return True

    def for_user(self, user: User, session: Session, now: datetime) -> str:
        """Return a user's access token; it has neither name nor address.

        An OAuth client's is never an administrator's, and says whose it is (RFC 9068 §2.2).
        """
        is_own = session.client_id is None
        of_client = {"client_id": str(session.client_id), "scope": scope_text(session.scopes)}
        return self._sign(
            now,
            self._lifetime,
            sub=str(user.id),
            sid=str(session.id),
            tv=user.token_version,
            roles=sorted(user.roles) if is_own else [Role.USER],
            auth_time=int(session.authenticated_at.timestamp()),
            amr=list(session.amr),
            **({"factor": True} if user.factors else {}),
            **_limits(user),
            **({} if is_own else of_client),
        )

    def for_key(self, user: User, key: ApiKey, lifetime: timedelta, now: datetime) -> str:
        """Return the access token of an API key: its owner's, within the key's bounds.

        It is never an administrator's, nor of a fresh login: nobody has logged in for it.
        """
        terms = key.terms
        bounds: dict[str, Any] = {"scope": scope_text(terms.scopes)}
        if terms.wallet_ids is not None:
            bounds["wallet_ids"] = sorted(str(wallet_id) for wallet_id in terms.wallet_ids)
        if terms.per_day is not None:
            bounds["per_day"] = {"minor": terms.per_day.minor, "currency": terms.per_day.currency}
        return self._sign(
            now,
            lifetime,
            sub=str(user.id),
            sid=str(key.id),
            tv=user.token_version,
            roles=[Role.USER],
            auth_time=0,
            amr=["key"],
            **_limits(user),
            **bounds,
        )

    def for_service(self, client_id: str, lifetime: timedelta, now: datetime) -> str:
        """Return a service's token; it has no session and no user's rights."""
        return self._sign(now, lifetime, sub=client_id, roles=["service"])

    def jwks(self, now: datetime) -> dict[str, list[dict[str, str]]]:
        """Return the published keys, without private parts, as a JWK Set (RFC 7517)."""
        keys = published((key.public for key in self._keys), now=now, token_lifetime=self._kept)
        return {"keys": [_entry(key.kid, key.jwk) for key in keys]}

    def _sign(self, now: datetime, lifetime: timedelta, **claims: Any) -> str:
        standard = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "jti": new_id_text(),
        }
        return jwt.encode(
            standard | claims,
            self._private,  # type: ignore[arg-type]
            algorithm=ALGORITHM,
            headers={"typ": "at+jwt", "kid": self.kid},
        )


def _limits(user: User) -> dict[str, dict[str, int]]:
    return {"confirm_above": dict(user.confirm_above)} if user.confirm_above else {}


def _entry(kid: str, jwk: Mapping[str, str]) -> dict[str, str]:
    return {**jwk, "kid": kid, "use": "sig", "alg": ALGORITHM}
