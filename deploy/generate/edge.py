"""Writes what nginx answers itself, in the words of our refusals."""

from collections.abc import Iterator
from typing import Final

from deploy.generate import rooms
from gateway.forwarding.headers import MAX_HEADER_BYTES, MAX_HEADERS
from gateway.refusals import HeadersTooLarge, UpstreamTimeout, UpstreamUnavailable, UriTooLong
from gateway.routing.paths import MAX_URI_BYTES
from kit.refusals import BodyTooLarge, Language, Refusal, RequestRefused, Unavailable
from kit.web import problems

PAGE: Final = rooms.ROOT / "deploy" / "nginx" / "problems.conf"
# nginx.conf's client_max_body_size.
MAX_BODY_BYTES: Final = 48 * 1024 * 1024
REFUSALS: Final[tuple[Refusal, ...]] = (
    RequestRefused(),
    BodyTooLarge(limit_bytes=MAX_BODY_BYTES),
    UriTooLong(limit_bytes=MAX_URI_BYTES),
    HeadersTooLarge(limit_bytes=MAX_HEADER_BYTES, limit_count=MAX_HEADERS),
    UpstreamUnavailable(),
    UpstreamTimeout(),
    Unavailable(),
)

_HEAD: Final = "# Written by `make generate`: what nginx says where the gateway says nothing.\n"
_LANGUAGES: Final[tuple[Language, ...]] = ("en", "ru")


def text() -> str:
    """Return the file: a variable for each refusal, by the caller's language."""
    return _HEAD + "".join(map(_map, REFUSALS))


def _map(refusal: Refusal) -> str:
    lines = "".join(_lines(refusal))
    return f"\nmap $saldo_language $saldo_{refusal.code} {{\n{lines}}}\n"


def _lines(refusal: Refusal) -> Iterator[str]:
    for language in _LANGUAGES:
        _, _, body = problems.render(
            refusal, accept_language=language, request_id="$saldo_request_id"
        )
        quoted = body.decode().replace("\\", "\\\\").replace("'", "\\'")
        yield f"    {language} '{quoted}';\n"
