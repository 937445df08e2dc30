"""Owns what the gateway's and every service's HTTP edge do alike. Sends nothing.

Ids that follow a request, how addresses, sockets and names of files are written, headers that may
come once, the headers of answers, and how the rest of a refused body is taken in.
"""

import asyncio
import os
import re
import stat
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote

from kit.ids import new_id_text
from kit.refusals import Language

CLIENT_GONE: Final = 499  # nginx's status for an answer that nobody waited for

# So much of a refused body is still read, as many clients listen only once they have sent all; then
# the connection is closed on the rest.
LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 128 * 1024 * 1024

# A second one with another value would let two readers of one request disagree about it.
ONCE_ONLY: Final = frozenset(
    (
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"transfer-encoding",
    )
)

# Headers of answers, as they are spelt; `kit.web.openapi.headers` describes them.
REQUEST_ID: Final = "X-Request-Id"
LOCATION: Final = "Location"
LINK: Final = "Link"
REPLAYED: Final = "Idempotency-Replayed"
PREFERENCE_APPLIED: Final = "Preference-Applied"
RETRY_AFTER: Final = "Retry-After"
WWW_AUTHENTICATE: Final = "WWW-Authenticate"
LANGUAGE: Final = "Content-Language"
ALLOW: Final = "Allow"
ETAG: Final = "ETag"

# Every answer has these where it does not set them itself (ASVS 5.0 §3.4, §14.3.2).
SECURITY_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
SECURITY_NAMES: Final = frozenset(name for name, _ in SECURITY_HEADERS)

# How a socket for both kinds of addresses writes the older kind.
_MAPPED: Final = "::ffff:"

_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_ID_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-"
_MAX_ID_BYTES: Final = 128
_TRACEPARENT: Final = re.compile(
    rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"  # nothing but zeros is none
)

_ids = Random()  # noqa: S311 - trace ids must differ, not be secret


def socket_of(folder: str, port: int) -> str:
    """Return where the Unix socket beside a port is; empty without a folder.

    Raises:
        PermissionError: others may write to the folder, so that they could listen there, too.
    """
    if not folder:
        return ""
    place = Path(folder)
    if place.is_dir():
        status = place.stat()
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(f"SOCKETS: {folder} is not one's own: chmod 0700 it")
    return f"{folder}/{port}"


def saved_as(name: str) -> str:
    """Return the Content-Disposition of a file, whatever its name (RFC 6266 §4.3)."""
    if _PLAIN_NAME.fullmatch(name):
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def usual_address(address: str) -> str:
    """Return a peer's address in the one form in which all compare it.

    `::ffff:192.0.2.7` is 192.0.2.7: else who comes by it would have other limits, locks and lists
    than who comes by IPv4, or the same as everybody who comes by it.
    """
    if not address.startswith(_MAPPED):
        return address
    with suppress(ValueError):
        return str(IPv6Address(address).ipv4_mapped or address)
    return address


def request_id(given: bytes | None) -> bytes:
    """Return the caller's X-Request-Id where it is harmless, else a new one.

    Harmless is what neither a log nor a header can be broken by.
    """
    if given and len(given) <= _MAX_ID_BYTES and not given.translate(None, _ID_CHARACTERS):
        return given
    return new_id_text().encode()


def traceparent(given: bytes | None) -> bytes:
    """Return the caller's trace (W3C Trace Context §3.2), or a new one."""
    if given is not None and _TRACEPARENT.fullmatch(given):
        return given
    drawn = _ids.randbytes(24).hex()
    return f"00-{drawn[:32]}-{drawn[32:]}-01".encode()


async def linger(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
    """Read on for a while what the caller of a refused request still sends (ASGI 3).

    Closing on unread bytes resets the connection, and the answer would be lost with it (RFC 9112
    §9.6).
    """
    taken = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while taken < LINGER_BYTES:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def preferred_language(accept_language: str | bytes | None) -> Language:
    """Return English or Russian, as an Accept-Language header asks (RFC 9110 §12.5.4)."""
    if not accept_language:
        return "en"
    if isinstance(accept_language, bytes):
        accept_language = accept_language.decode("latin-1")
    weights: dict[str, float] = {}
    for choice in accept_language[:256].lower().split(","):
        tag, _, parameters = choice.partition(";")
        language = tag.strip().partition("-")[0]
        if language in ("en", "ru", "*"):
            weights[language] = max(weights.get(language, 0.0), _weight(parameters))
    rest = weights.get("*", 0.0)
    return "ru" if weights.get("ru", rest) > weights.get("en", rest) else "en"


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
