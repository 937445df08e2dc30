"""Makes access tokens, good and bad, and the key set to check them against.

It verifies nothing.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from kit.ids import new_id

ISSUER = "saldo"
AUDIENCE = "saldo-api"
LIFETIME_SECONDS = 600

_ES256 = ECAlgorithm(ECAlgorithm.SHA256)


def base64url(data: bytes) -> str:
    """Encode without padding, as JOSE does."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return the first two parts of a token, which a signature covers."""
    return ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))


class TokenMint:
    """Holds one signing key, and signs tokens as auth would issue them."""

    def __init__(self) -> None:
        self.key = generate_private_key(SECP256R1())
        public = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
        members = {name: public[name] for name in ("crv", "kty", "x", "y")}
        thumbprint = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
        self.kid = base64url(hashlib.sha256(thumbprint).digest())
        self.public_jwk: dict[str, Any] = {
            **members,
            "kid": self.kid,
            "alg": "ES256",
            "use": "sig",
        }

    def jwks(self, *others: "TokenMint") -> dict[str, Any]:
        """Return the key set that publishes this key and the others'."""
        return {"keys": [self.public_jwk, *(other.public_jwk for other in others)]}

    def header(self, **changes: Any) -> dict[str, Any]:
        """Return the JOSE header of a good token, with changes; None leaves a member out."""
        return _without_none({"alg": "ES256", "typ": "at+jwt", "kid": self.kid} | changes)

    def claims(self, user_id: UUID | None = None, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good user token, with changes; None leaves a claim out."""
        now = int(datetime.now(UTC).timestamp())
        good = {
            "iss": ISSUER,
            "sub": str(user_id or new_id()),
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": str(new_id()),
            "sid": str(new_id()),
            "tv": 1,
            "roles": ["user"],
            "auth_time": now,
            "amr": ["pwd"],
        }
        return _without_none(good | changes)

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """Sign exactly this header and these claims."""
        signed = unsigned(header, claims)
        return f"{signed}.{base64url(_ES256.sign(signed.encode(), self.key))}"

    def user(self, user_id: UUID | None = None, **changes: Any) -> str:
        """Return a good user token, with changed claims."""
        return self.sign(self.header(), self.claims(user_id, **changes))

    def service(self, name: str, **changes: Any) -> str:
        """Return a good service token, with changed claims."""
        own: dict[str, Any] = {"sub": f"svc:{name}", "roles": ["service"]}
        own |= dict.fromkeys(("sid", "tv", "auth_time", "amr"))
        return self.sign(self.header(), self.claims(**(own | changes)))


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
