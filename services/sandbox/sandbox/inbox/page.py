"""Renders an inbox's page."""

from collections.abc import Sequence
from html import escape
from typing import Final

import orjson

from sandbox.inbox.box import Inbox, Webhook
from sandbox.inbox.signatures import Check
from sandbox.sheet import STYLE

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Saldo: webhooks to {name}</title>
<style>{style}</style>
<h1>Webhooks to {name}</h1>
<p>{received} received, the last {kept} kept. {secret}</p>
{webhooks}
</html>
"""
_WEBHOOK: Final = """<article>
<header><h2>{type}</h2><p class="{look}">{check}</p><p>{at}{webhook_id}</p></header>
<pre class="code">{body}</pre>
</article>"""
_NONE: Final = "<p>No webhook yet.</p>"
_NOT_TOLD: Final = (
    "Signatures are not checked yet: PUT {&quot;secret&quot;: &quot;whsec_…&quot;} to this inbox."
)
_CHECKS: Final = {
    Check.VALID: "Signature valid",
    Check.INVALID: "Signature invalid: made with another secret, or the body was changed",
    Check.STALE: "Signature more than five minutes old",
    Check.MISSING: "Not signed",
    Check.UNCHECKED: "Signature not checked: the inbox has no secret",
}


def page(inbox: Inbox, webhooks: Sequence[Webhook]) -> str:
    """Return the page of an inbox."""
    shown = "\n".join(_webhook(one, inbox.check(one)) for one in webhooks)
    return _PAGE.format(
        style=STYLE,
        name=escape(inbox.name),
        received=inbox.received,
        kept=inbox.kept,
        secret="" if inbox.secret else _NOT_TOLD,
        webhooks=shown or _NONE,
    )


def _webhook(one: Webhook, check: Check) -> str:
    if one.payload is None:
        body = one.body.decode(errors="replace")
    else:
        body = orjson.dumps(one.payload, option=orjson.OPT_INDENT_2).decode()
    webhook_id = one.headers.get("webhook-id")
    return _WEBHOOK.format(
        type=escape(one.type or "Something else"),
        look="good" if check is Check.VALID else "bad",
        check=_CHECKS[check],
        at=f"{one.received_at:%Y-%m-%d %H:%M:%S} UTC",
        webhook_id="" if webhook_id is None else f", {escape(webhook_id)}",
        body=escape(body),
    )
