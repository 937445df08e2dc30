"""Owns whose certificates this process trusts: the system's, or SSL_CERT_FILE's.

Each client of httpx would hold a store of its own, 0.7 MiB; one is enough, and services that reach
each other without encryption need none.
"""

import ssl
import sys
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


def system_trust() -> SystemTrust:
    """Return a store that checks as strictly as the standard library's own does."""
    trust = SystemTrust(ssl.PROTOCOL_TLS_CLIENT)
    if sys.version_info >= (3, 13):
        trust.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return trust


TRUST: Final = system_trust()  # for HTTP, whose clients say so in the handshake
