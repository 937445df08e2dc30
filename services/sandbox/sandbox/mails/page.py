"""Renders the sink's page: the last mails, with links to click."""

import re
from collections.abc import Iterable
from html import escape
from typing import Final

from sandbox.mails.box import TakenMail
from sandbox.sheet import STYLE

_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
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


def page(mails: Iterable[TakenMail]) -> str:
    """Return the page of mails."""
    shown = "\n".join(map(_mail, mails))
    return _PAGE.format(style=STYLE, mails=shown or _NONE)


def linked(text: str) -> str:
    """Return text as escaped HTML, with its URLs as links."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        url = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{url}" rel="noreferrer">{url}</a>']
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def _mail(mail: TakenMail) -> str:
    return _MAIL.format(
        subject=escape(mail.subject),
        to=escape(", ".join(mail.recipients)),
        sender=escape(mail.sender),
        at=f"{mail.received_at:%Y-%m-%d %H:%M:%S} UTC",
        text=linked(mail.text),
    )
