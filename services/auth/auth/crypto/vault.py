"""Protects private signing keys and refresh tokens' keys by AUTH_KEY_SECRET.

So a copy of the database alone can neither sign access tokens nor make refresh tokens.
"""

import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class WrongKeySecretError(Exception):
    """The stored keys were encrypted with another AUTH_KEY_SECRET, or tampered with."""


class KeyVault:
    """Holds two keys derived from one secret (HKDF, RFC 5869), one for each purpose."""

    def __init__(self, secret: SecretStr) -> None:
        self._cipher = AESGCM(derive(secret, b"saldo auth signing keys 1"))
        self._pepper = derive(secret, b"saldo auth refresh tokens 1")

    def lock(self, kid: str, private_key: bytes) -> bytes:
        """Encrypt a private key, bound to its key id.

        AES-256-GCM: the nonce, then the ciphertext.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, private_key, kid.encode())

    def unlock(self, kid: str, stored: bytes) -> bytes:
        """Decrypt a private key.

        Raises:
            WrongKeySecretError: it was encrypted with another secret, or tampered with.
        """
        try:
            nonce, ciphertext = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, ciphertext, kid.encode())
        except (InvalidTag, ValueError):
            raise WrongKeySecretError(
                "the signing keys in the database were stored under another AUTH_KEY_SECRET"
            ) from None

    def refresh_key(self, session_hmac_key: bytes) -> bytes:
        """Return the key that makes a session's refresh tokens."""
        return hmac.digest(self._pepper, session_hmac_key, hashlib.sha256)


def derive(secret: SecretStr, purpose: bytes) -> bytes:
    """Return the key of 32 bytes that a secret has for one purpose (HKDF, RFC 5869)."""
    kdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose)
    return kdf.derive(secret.get_secret_value().encode())
