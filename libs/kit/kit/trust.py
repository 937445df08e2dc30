"""Owns whose certificates this process trusts: the system's, or SSL_CERT_FILE's.

Each client of httpx would hold a store of its own, 0.7 MiB; one is enough, and services that reach
each other without encryption need none.
"""

import ssl
from typing import Any, Final


class SystemTrust(ssl.SSLContext):
    """Reads the system's certificates with the first connection that is encrypted."""

    _is_read = False

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Begin an encrypted connection; called by event loops."""
        if not self._is_read:
            self.load_default_certs()
            self._is_read = True
        return super().wrap_bio(*args, **options)


TRUST: Final = SystemTrust(ssl.PROTOCOL_TLS_CLIENT)
