"""Describes the headers of answers once, for the operations that refer to them."""

from typing import Any, Final

from kit.http import (
    ALLOW,
    ETAG,
    LANGUAGE,
    LINK,
    LOCATION,
    PREFERENCE_APPLIED,
    REPLAYED,
    REQUEST_ID,
    RETRY_AFTER,
    WWW_AUTHENTICATE,
)


def _header(description: str, example: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}, "example": example}


COMPONENTS: Final[dict[str, Any]] = {
    ALLOW: _header("The methods of this path.", "GET, HEAD, POST"),
    ETAG: _header("The object as it is shown, for If-Match (RFC 9110 §8.8.3).", '"7"'),
    LANGUAGE: _header("The language of the texts: `en` or `ru`.", "en"),
    REPLAYED: _header("`true` where the first answer to this key is repeated.", "true"),
    LINK: _header('The next page, as `rel="next"` (RFC 8288).', '</v1/…?cursor=…>; rel="next"'),
    LOCATION: _header(
        "Where what was made, or the end of what was begun, is read.",
        "/v1/payments/0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
    ),
    PREFERENCE_APPLIED: _header(
        "How long was waited for, where `Prefer` asked (RFC 7240).", "wait=10"
    ),
    RETRY_AFTER: _header("When to try again, in seconds.", "1"),
    WWW_AUTHENTICATE: _header("How to show who is calling (RFC 9110 §11.6.1).", "Bearer"),
    REQUEST_ID: _header(
        "What this request is called in logs; the caller's own, if it sent one.",
        "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
    ),
}


def referred(*names: str) -> dict[str, Any]:
    """Return an answer's `headers`, as references to the descriptions."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
