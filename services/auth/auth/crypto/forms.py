"""Seals what a login page was opened for, until its form sends it back."""

import base64
from datetime import datetime, timedelta
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from auth.crypto.vault import derive

LIFETIME: Final = timedelta(minutes=15)  # people look for their password, or for a second factor


class FormSeal:
    """Encrypts and signs a form's hidden field (Fernet), for a quarter of an hour.

    The first secret seals; the old ones open what they have sealed.
    """

    def __init__(self, secret: SecretStr, *old: SecretStr) -> None:
        keys = (derive(one, b"saldo auth login pages 1") for one in (secret, *old))
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

    def seal(self, text: str, now: datetime) -> str:
        """Return a text sealed, as base64url."""
        return self._fernet.encrypt_at_time(text.encode(), int(now.timestamp())).decode()

    def open(self, sealed: str, now: datetime) -> str | None:
        """Return the text; None where it is not ours, was changed, or is too old."""
        lifetime, at = int(LIFETIME.total_seconds()), int(now.timestamp())
        try:
            return self._fernet.decrypt_at_time(sealed, lifetime, at).decode()
        except (InvalidToken, ValueError):
            return None
