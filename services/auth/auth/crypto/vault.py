"""Protects private signing keys and refresh tokens' keys by AUTH_KEY_SECRET.

So a copy of the database alone can neither sign access tokens nor make refresh tokens.
"""

import hashlib
import hmac
import os
from contextlib import suppress
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class WrongKeySecretError(Exception):
    """A stored key was encrypted with an unknown AUTH_KEY_SECRET, or tampered with."""


class KeyVault:
    """Holds two keys derived from each secret (HKDF, RFC 5869), one for each purpose.

    The first secret makes everything; the old ones only read what they made.
    """

    def __init__(self, secret: SecretStr, *old: SecretStr) -> None:
        secrets = (secret, *old)
        self._ciphers = [AESGCM(derive(one, b"saldo auth signing keys 1")) for one in secrets]
        self._peppers = [derive(one, b"saldo auth refresh tokens 1") for one in secrets]

    def lock(self, kid: str, private_key: bytes) -> bytes:
        """Encrypt a private key, bound to its key id.

        AES-256-GCM: the nonce, then the ciphertext.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, private_key, kid.encode())

    def unlock(self, kid: str, stored: bytes) -> bytes:
        """Decrypt a private key.

        Raises:
            WrongKeySecretError: it was encrypted with another secret, or tampered with.
        """
        nonce, ciphertext = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
        for cipher in self._ciphers:
            with suppress(InvalidTag, ValueError):
                return cipher.decrypt(nonce, ciphertext, kid.encode())
        raise WrongKeySecretError(
            "keys in the database were stored under a secret that is neither"
            " AUTH_KEY_SECRET nor one of AUTH_KEY_OLD_SECRETS"
        )

    def refresh_key(self, session_hmac_key: bytes) -> bytes:
        """Return the key that makes a session's refresh tokens."""
        return self.refresh_keys(session_hmac_key)[0]

    def refresh_keys(self, session_hmac_key: bytes) -> list[bytes]:
        """Return the keys that have made a session's refresh tokens, the newest first."""
        return [hmac.digest(one, session_hmac_key, hashlib.sha256) for one in self._peppers]


def derive(secret: SecretStr, purpose: bytes) -> bytes:
    """Return the key of 32 bytes that a secret has for one purpose (HKDF, RFC 5869)."""
    kdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose)
    return kdf.derive(secret.get_secret_value().encode())
