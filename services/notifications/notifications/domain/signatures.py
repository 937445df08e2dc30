"""Signs webhooks.

Standard Webhooks 1.0, symmetric (`v1`):
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256


def signatures(keys: Iterable[bytes], webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` header: a signature for each key, with spaces."""
    content = b"%b.%d.%b" % (webhook_id.encode(), timestamp, body)
    return " ".join(f"v1,{b64encode(hmac.digest(key, content, sha256)).decode()}" for key in keys)
