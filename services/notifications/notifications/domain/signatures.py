"""Makes signatures and secrets of webhooks.

Standard Webhooks 1.0, symmetric (`v1`):
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

SECRET_BYTES: Final = 32  # the specification asks for 24 to 64
_PREFIX: Final = "whsec_"


def secret_text(key: bytes) -> str:
    """Return a key in the form shown to its owner: `whsec_` and base64."""
    return _PREFIX + b64encode(key).decode()


def signatures(keys: Iterable[bytes], webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` header: a signature for each key, with spaces."""
    content = b"%b.%d.%b" % (webhook_id.encode(), timestamp, body)
    return " ".join(f"v1,{b64encode(hmac.digest(key, content, sha256)).decode()}" for key in keys)
