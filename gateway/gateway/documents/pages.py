"""Serves the documentation of all services: /docs (Swagger UI), /redoc, /openapi.

Assets are served from here, from the package `offapi`; nothing is fetched from elsewhere.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any, Final

import orjson

from gateway.documents.combined import combined
from gateway.documents.own import OWN_DOCUMENT
from gateway.documents.published import published
from gateway.forwarding.forwarder import request_head
from gateway.forwarding.headers import Header
from gateway.forwarding.request import ProxiedRequest
from gateway.forwarding.upstream import Upstream
from gateway.refusals import UpstreamUnavailable
from gateway.routing.table import ProxyRoutes
from kit.refusals import NotFound
from kit.tasks import all_of
from kit.web.assets import packaged_asset

OWN: Final = "gateway"

_PAGES: Final = Path(__file__).parent / "assets"
_TYPES: Final[Mapping[str, bytes]] = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
}
_OURS: Final = frozenset(("redoc_page.css", "swagger_start.js"))
_PACKAGED: Final = frozenset(
    ("redoc.js", "swagger_bundle.js", "swagger_preset.js", "swagger_style.css")
)
# Both viewers write styles into the page and draw their icons from data: addresses; scripts come
# only from our own files.
_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    b"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_OK: Final = 200
_GOOD_FOR_SECONDS: Final = 10.0  # not to put a megabyte together for every caller
# ReDoc loads its maker's logo from elsewhere, which the policy forbids, so none is shown.
_MAKERS_PICTURES: Final = (
    b"https://cdn.redoc.ly/redoc/logo-mini-full.svg",
    b"https://cdn.redoc.ly/redoc/logo-mini.svg",
)


class Documentation:
    """Serves the pages, their assets, and the documents that they show."""

    def __init__(self, upstreams: Mapping[str, Upstream], routes: ProxyRoutes) -> None:
        self._upstreams = upstreams
        self._routes = routes
        self._names = (*upstreams, OWN)
        self._combined = b"", 0.0  # and until when it is good

    async def swagger(self, exchange: ProxiedRequest) -> None:
        """Answer Swagger UI, opened at the service that the path names, else at the first."""
        name = _last_segment(exchange)
        first = self._names[0] if name in ("docs", "swagger") else self._known(name)
        page = _page("swagger.html").format(services=" ".join(self._names), first=first)
        await _answer_page(exchange, page)

    async def redoc(self, exchange: ProxiedRequest) -> None:
        """Answer ReDoc of the service that the path names, else of the first."""
        name = _last_segment(exchange)
        first = self._names[0] if name == "redoc" else self._known(name)
        page = _page("redoc.html").format(first=first, links=_links(self._names))
        await _answer_page(exchange, page)

    async def asset(self, exchange: ProxiedRequest) -> None:
        """Answer one file of the pages."""
        name = _last_segment(exchange)
        if name not in _OURS and name not in _PACKAGED:
            raise NotFound
        content = _asset(name)
        headers: list[Header] = [
            (b"content-type", _TYPES[Path(name).suffix]),
            (b"content-length", b"%d" % len(content)),
            (b"cache-control", b"public, max-age=3600"),
        ]
        await exchange.answer(_OK, headers, content)

    async def openapi(self, exchange: ProxiedRequest) -> None:
        """Answer the OpenAPI document of a service, as published through the gateway."""
        name, _, suffix = _last_segment(exchange).partition(".")
        if suffix != "json":
            raise NotFound
        document = await self._document(exchange, self._known(name))
        await exchange.answer_json(_OK, orjson.dumps(document))

    async def combined(self, exchange: ProxiedRequest) -> None:
        """Answer one document of all services, for generators of clients."""
        body, good_until = self._combined
        if monotonic() >= good_until:
            found = await all_of(self._document(exchange, name) for name in self._names)
            body = orjson.dumps(combined(dict(zip(self._names, found, strict=True))))
            self._combined = body, monotonic() + _GOOD_FOR_SECONDS
        await exchange.answer_json(_OK, body)

    async def _document(self, exchange: ProxiedRequest, name: str) -> dict[str, Any]:
        """Return the document of one service, or refuse where the service gives none."""
        if name == OWN:
            return OWN_DOCUMENT
        upstream = self._upstreams[name]
        head = request_head(exchange, upstream, b"GET /openapi.json", ())
        status, _, body = await upstream.fetch(head)
        try:
            document = orjson.loads(body) if status == _OK else None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise UpstreamUnavailable
        return published(document, name, self._routes)

    def _known(self, name: str) -> str:
        if name not in self._names:
            raise NotFound
        return name


def _last_segment(exchange: ProxiedRequest) -> str:
    return exchange.path.rstrip(b"/").rpartition(b"/")[2].decode("ascii")


def _links(names: Iterable[str]) -> str:
    return " ".join(f'<a href="/redoc/{name}">{name}</a>' for name in names)


async def _answer_page(exchange: ProxiedRequest, page: str) -> None:
    content = page.encode()
    headers: list[Header] = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(content)),
        (b"content-security-policy", _POLICY),
    ]
    await exchange.answer(_OK, headers, content)


@cache
def _page(name: str) -> str:
    return (_PAGES / name).read_text(encoding="utf-8")


@cache
def _asset(name: str) -> bytes:
    content = (_PAGES / name).read_bytes() if name in _OURS else packaged_asset(name)
    for picture in _MAKERS_PICTURES:
        content = content.replace(picture, b"data:,")
    return content
