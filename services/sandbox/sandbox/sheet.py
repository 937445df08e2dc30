"""Holds the style of the mail and inbox pages, and the policy against scripts."""

import base64
import hashlib
from typing import Final

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "article{border:1px solid #8886;border-radius:.5rem;padding:0 1rem;margin:1rem 0}"
    "h2{font-size:1.1rem;margin:.8rem 0 0}header p{color:#777;margin:0;font-size:.85rem}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}"
    "pre.code{font:.85rem/1.4 ui-monospace,monospace}.good{color:#18794e}.bad{color:#c62a2f}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

# No script, no image, no form: what came in is shown and can't do anything.
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS: Final = {"content-security-policy": POLICY, "referrer-policy": "no-referrer"}
