"""Refuses raw paths that two readers could understand differently.

The path is matched and forwarded as it came; nothing is decoded or tidied up.
"""

from typing import Final

from gateway.refusals import PathRefused, UriTooLong

MAX_URI_BYTES: Final = 8 * 1024

# RFC 3986 pchar and “/”, without “;”: some readers read path parameters, others ignore them.
_PLAIN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:@!$&'()*+,="
_DOT_SEGMENTS: Final = frozenset((b".", b".."))
_HEX: Final = frozenset(b"0123456789ABCDEFabcdef")
# RFC 3986 unreserved: encoded or not, services read the same path, but here it would be another
# route, with another limit.
_UNRESERVED: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)
_NOT_TO_BE_ENCODED: Final = _UNRESERVED | frozenset(b"%/;\\") | {*range(0x20), 0x7F}


def check(path: bytes, query: bytes) -> None:
    """Refuse a path that could be taken for another one.

    Raises:
        UriTooLong: path and query together are too long.
        PathRefused: dot segments, empty segments, path parameters, control characters, or any of
            these percent-encoded, or what never need be (RFC 3986 §2.3).
    """
    if len(path) + len(query) > MAX_URI_BYTES:
        raise UriTooLong(limit_bytes=MAX_URI_BYTES)
    if b"//" in path or path[:1] != b"/":
        raise PathRefused
    if b"/." in path and not _DOT_SEGMENTS.isdisjoint(path.split(b"/")):
        raise PathRefused
    if strange := path.translate(None, _PLAIN):
        _check_encoded(path, strange)


def _check_encoded(path: bytes, strange: bytes) -> None:
    if strange.strip(b"%"):
        raise PathRefused
    for part in path.split(b"%")[1:]:
        digits = part[:2]
        if len(digits) < 2 or not _HEX.issuperset(digits):  # noqa: PLR2004 - “%XX”
            raise PathRefused
        if int(digits, 16) in _NOT_TO_BE_ENCODED:
            raise PathRefused
