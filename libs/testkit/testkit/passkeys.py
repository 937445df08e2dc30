"""Plays a device with passkeys, for tests without a browser (WebAuthn).

It has P-256 keys, attests nothing, and counts its signatures. It verifies nothing.
"""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256

from kit.ids import new_id
from testkit.tokens import base64url

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """A device at a page; `count` None is one that does not count, as phones do not."""

    origin: str
    party_id: str
    is_verifying: bool = True
    count: int | None = 0
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: new_id().bytes)

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create()` with these options."""
        credential = len(self.credential_id).to_bytes(2, "big") + self.credential_id
        attested = bytes(16) + credential + cbor2.dumps(self._public_key())
        data = self._authenticator_data(_ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": base64url(self._client_data("webauthn.create", options)),
            "attestationObject": base64url(attestation),
            "transports": ["internal", "of-tomorrow"],
        }
        return self._credential(response)

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.get()` with these options."""
        if self.count is not None:
            self.count += 1
        client_data = self._client_data("webauthn.get", options)
        data = self._authenticator_data()
        signature = self.key.sign(data + sha256(client_data).digest(), ECDSA(SHA256()))
        response = {
            "clientDataJSON": base64url(client_data),
            "authenticatorData": base64url(data),
            "signature": base64url(signature),
        }
        return self._credential(response)

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(told).encode()

    def _authenticator_data(self, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.is_verifying else 0)
        count = (self.count or 0).to_bytes(4, "big")
        return sha256(self.party_id.encode()).digest() + bytes([flags]) + count

    def _public_key(self) -> dict[int, Any]:
        """Return the key in COSE (RFC 9052): EC2, ES256, P-256."""
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return {1: 2, 3: -7, -1: 1, -2: x, -3: y}

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        named = base64url(self.credential_id)
        return {"id": named, "rawId": named, "type": "public-key", "response": response}
