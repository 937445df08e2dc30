"""Renders what all pages share: the frame, the style, and what they may not do."""

import base64
import hashlib
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse

from kit.refusals import Language, Refusal

_STYLE: Final = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:30rem;margin:20vh auto;padding:0 1rem}"
    "input,button{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.6rem 0;"
    "padding:.5rem}"
    "[role=alert]{border-left:.3rem solid;padding-left:.7rem}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none';"
    " form-action 'self'"
)
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",  # the page's address holds the token
}

_PAGE: Final = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Saldo</title>
<style>{style}</style>
<h1>Saldo</h1>
{content}
</html>
"""


def document(content: str, language: Language, status: int = 200) -> HTMLResponse:
    """Return a page with this content, which is HTML; it may load and run nothing."""
    page = _PAGE.format(language=language, style=_STYLE, content=content)
    return HTMLResponse(page, status, headers={**_HEADERS, "content-language": language})


def shown_with(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """Return what the document says of refusals that are pages."""
    page = {"content": {"text/html": {"schema": {"type": "string"}}}}
    return dict.fromkeys(sorted({one.status for one in refusals}), page)


def refused_page(refusal: Refusal, language: Language) -> HTMLResponse:
    """Return the page that shows a refusal."""
    return document(f"<p>{escape(refusal.detail(language))}</p>", language, refusal.status)
