"""Makes and encrypts signing secrets; the key is NOTIFICATIONS_WEBHOOK_KEY.

So a copy of the database alone can't sign in our name.
"""

import os
from base64 import b64encode
from contextlib import suppress
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

SECRET_BYTES: Final = 32  # Standard Webhooks asks for 24 to 64
_PREFIX: Final = "whsec_"  # Standard Webhooks', too
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class WrongWebhookKeyError(Exception):
    """The stored secret was encrypted with another key, or tampered with."""


class SecretVault:
    """Makes and encrypts secrets, each bound to its endpoint.

    AES-256-GCM: the nonce, then the ciphertext. The first key encrypts; the old keys only decrypt.
    """

    def __init__(self, key: SecretStr, *old: SecretStr) -> None:
        """Derive the ciphers' keys from the settings' (HKDF, RFC 5869)."""
        self._ciphers = [_cipher(one) for one in (key, *old)]

    def new(self, endpoint_id: UUID) -> tuple[bytes, bytes]:
        """Make a secret; return it in plain and in encrypted form."""
        secret, nonce = os.urandom(SECRET_BYTES), os.urandom(_NONCE_BYTES)
        return secret, nonce + self._ciphers[0].encrypt(nonce, secret, endpoint_id.bytes)

    def unlock(self, endpoint_id: UUID, stored: bytes) -> bytes:
        """Decrypt a secret; raises WrongWebhookKeyError."""
        nonce, ciphertext = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
        for cipher in self._ciphers:
            with suppress(InvalidTag, ValueError):
                return cipher.decrypt(nonce, ciphertext, endpoint_id.bytes)
        raise WrongWebhookKeyError(
            "the webhook secrets in the database were stored under a key that is neither"
            " NOTIFICATIONS_WEBHOOK_KEY nor one of NOTIFICATIONS_WEBHOOK_OLD_KEYS"
        )


def secret_text(key: bytes) -> str:
    """Return a key in the form shown to its owner: `whsec_` and base64."""
    return _PREFIX + b64encode(key).decode()


def _cipher(key: SecretStr) -> AESGCM:
    kdf = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"saldo webhook secrets 1")
    return AESGCM(kdf.derive(key.get_secret_value().encode()))
