"""The sink's page: the last mails for people, by the server alone, with links to click."""

import base64
import hashlib
import re
from collections.abc import Iterable
from html import escape
from typing import Final

from sandbox.mails.box import Mail

_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "article{border:1px solid #8886;border-radius:.5rem;padding:0 1rem;margin:1rem 0}"
    "h2{font-size:1.1rem;margin:.8rem 0 0}header p{color:#777;margin:0;font-size:.85rem}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# No script, no image, no form: what a mail says is shown, and can do nothing.
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Saldo: mails</title>
<style>{style}</style>
<h1>Mails</h1>
{mails}
</html>
"""
_MAIL: Final = """<article>
<header><h2>{subject}</h2><p>to {to}, from {sender}, {at}</p></header>
<pre>{text}</pre>
</article>"""
_NONE: Final = "<p>No mail yet.</p>"


def page(mails: Iterable[Mail]) -> str:
    """Return the page."""
    shown = "\n".join(map(_mail, mails))
    return _PAGE.format(style=_STYLE, mails=shown or _NONE)


def linked(text: str) -> str:
    """Return text as HTML: all of it escaped, and its addresses made links."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        url = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{url}" rel="noreferrer">{url}</a>']
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def _mail(mail: Mail) -> str:
    return _MAIL.format(
        subject=escape(mail.subject),
        to=escape(", ".join(mail.recipients)),
        sender=escape(mail.sender),
        at=f"{mail.received_at:%Y-%m-%d %H:%M:%S} UTC",
        text=linked(mail.text),
    )
