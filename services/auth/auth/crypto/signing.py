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

from auth.domain.keys import KeyStatus, PublicKey, published, thumbprint
from auth.domain.sessions import Session
from auth.domain.users import User
from kit.ids import new_id

ALGORITHM: Final = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key with its private part (PKCS#8, DER); it never leaves the process."""

    public: PublicKey
    private_der: bytes


def generate_key(status: KeyStatus) -> SigningKey:
    """Make a P-256 key."""
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = json.loads(ECAlgorithm.to_jwk(private.public_key()))
    jwk = {name: str(numbers[name]) for name in ("kty", "crv", "x", "y")}
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(PublicKey(thumbprint(jwk), status, jwk), der)


class TokenSigner:
    """Makes access tokens with the active key."""

    def __init__(
        self, keys: Iterable[SigningKey], *, issuer: str, audience: str, lifetime: timedelta
    ) -> None:
        self._keys = {key.public.kid: key for key in keys}
        active = next(key for key in self._keys.values() if key.public.status is KeyStatus.ACTIVE)
        self._kid = active.public.kid
        # Loaded once, because parsing the key costs more than a signature.
        self._private = load_der_private_key(active.private_der, password=None)
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime

    def for_user(self, user: User, session: Session, now: datetime) -> str:
        """Return a user's access token; it has neither name nor address."""
        return self._sign(
            now,
            self._lifetime,
            sub=str(user.id),
            sid=str(session.id),
            tv=user.token_version,
            roles=sorted(user.roles),
            auth_time=int(session.authenticated_at.timestamp()),
            amr=list(session.amr),
            **({"factor": True} if user.factors else {}),
        )

    def for_service(self, client_id: str, lifetime: timedelta, now: datetime) -> str:
        """Return a service's token; it has no session and no user's rights."""
        return self._sign(now, lifetime, sub=client_id, roles=["service"])

    def jwks(self, now: datetime) -> dict[str, list[dict[str, str]]]:
        """Return the published keys, without private parts, as a JWK Set (RFC 7517)."""
        keys = published(
            (key.public for key in self._keys.values()), now=now, token_lifetime=self._lifetime
        )
        return {"keys": [_entry(key.kid, key.jwk) for key in keys]}

    def _sign(self, now: datetime, lifetime: timedelta, **claims: Any) -> str:
        standard = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "jti": str(new_id()),
        }
        return jwt.encode(
            standard | claims,
            self._private,  # type: ignore[arg-type]
            algorithm=ALGORITHM,
            headers={"typ": "at+jwt", "kid": self._kid},
        )


def _entry(kid: str, jwk: Mapping[str, str]) -> dict[str, str]:
    return {**jwk, "kid": kid, "use": "sig", "alg": ALGORITHM}
