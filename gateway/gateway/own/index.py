"""Answers `/` with links to everything: as a page to people, else as JSON."""

from collections.abc import Mapping
from typing import Final

import orjson

from gateway.forwarding.request import ProxiedRequest

_OK: Final = 200
_ALWAYS: Final[Mapping[str, str]] = {
    "health": "/health/ready",
    "keys": "/.well-known/jwks.json",
}
_DOCUMENTED: Final[Mapping[str, str]] = {
    "documentation": "/docs",
    "reference": "/redoc",
    "openapi": "/openapi.json",
}
_DEVELOPMENT: Final[Mapping[str, str]] = {"mails": "/sandbox/mail"}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Saldo</title>
<link rel="icon" href="data:,">
</head>
<body>
<h1>Saldo</h1>
<ul>
{links}
</ul>
</body>
</html>
"""
_POLICY: Final = b"default-src 'none'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


class Index:
    """Answers the first page."""

    def __init__(self, *, in_production: bool, serves_docs: bool) -> None:
        documented = _DOCUMENTED if serves_docs else {}
        links = {**documented, **_ALWAYS, **({} if in_production else _DEVELOPMENT)}
        items = (f'<li><a href="{path}">{name}</a></li>' for name, path in links.items())
        self._page = _PAGE.format(links="\n".join(items)).encode()
        self._document = orjson.dumps({"name": "Saldo", "links": links})

    async def answer(self, exchange: ProxiedRequest) -> None:
        """Answer with links: a page where one is asked for, else JSON."""
        if b"text/html" not in exchange.inbound.read.get(b"accept", b""):
            await exchange.answer_json(_OK, self._document)
            return
        await exchange.answer(
            _OK,
            [
                (b"content-type", b"text/html; charset=utf-8"),
                (b"content-length", b"%d" % len(self._page)),
                (b"content-security-policy", _POLICY),
                (b"vary", b"Accept"),
            ],
            self._page,
        )
