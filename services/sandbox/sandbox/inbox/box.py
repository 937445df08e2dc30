"""Owns the inboxes and their webhooks, within bounds; knows nothing of HTTP.

An inbox exists from the first use of its name. Beyond the bounds the oldest webhooks and the
inboxes unused for longest are dropped.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.clock import Clock, SystemClock
from kit.ids import new_id
from kit.refusals import BodyUnreadable
from kit.web.serving.bodies import parse_json
from sandbox.inbox.signatures import Check, check, secret_key

INBOXES: Final = 50
KEPT: Final = 100  # webhooks of one inbox
KEPT_BYTES: Final = 1024 * 1024  # of their bodies together
LARGEST: Final = 64 * 1024
_LONGEST_HEADER: Final = 1024
_KEPT_HEADERS: Final = ("content-type", "user-agent")
_OWN_HEADERS: Final = "webhook-"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as it came; `payload` is None if the body is not JSON."""

    id: UUID
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes
    payload: Any

    @property
    def type(self) -> str | None:
        """The event type that it names, if any."""
        kind = self.payload.get("type") if isinstance(self.payload, dict) else None
        return kind if isinstance(kind, str) else None


@dataclass
class Inbox:
    """An inbox.

    Attributes: secret: checks signatures: `whsec_…`, None if not set. answer_with: the status that
    senders get. received: how many webhooks have come since it was created.
    """

    name: str
    secret: str | None = None
    answer_with: int = 200
    received: int = 0
    _kept: deque[Webhook] = field(default_factory=deque)
    _bytes: int = 0

    def take(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        """Store a webhook; drop the oldest ones beyond the bounds."""
        shown = {
            name: value[:_LONGEST_HEADER]
            for name, value in headers.items()
            if name in _KEPT_HEADERS or name.startswith(_OWN_HEADERS)
        }
        webhook = Webhook(new_id(), now, shown, body, _payload(body))
        self._kept.appendleft(webhook)
        self._bytes += len(body)
        while len(self._kept) > KEPT or self._bytes > KEPT_BYTES:
            self._bytes -= len(self._kept.pop().body)
        self.received += 1
        return webhook

    def newest(self, limit: int) -> list[Webhook]:
        """Return the newest webhooks, at most `limit`."""
        return list(self._kept)[:limit]

    def check(self, webhook: Webhook) -> Check:
        """Check a signature by today's secret, which may be set after the webhook came."""
        key = None if self.secret is None else secret_key(self.secret)
        return check(key, webhook.headers, webhook.body, webhook.received_at)

    @property
    def kept(self) -> int:
        """The number of webhooks that are kept."""
        return len(self._kept)


@dataclass
class Inboxes:
    """All inboxes, the last used last."""

    clock: Clock = field(default_factory=SystemClock)
    _by_name: OrderedDict[str, Inbox] = field(default_factory=OrderedDict)

    def open(self, name: str) -> Inbox:
        """Return an inbox, created if needed; drop the one unused for longest."""
        inbox = self._by_name.setdefault(name, Inbox(name))
        self._by_name.move_to_end(name)
        if len(self._by_name) > INBOXES:
            self._by_name.popitem(last=False)
        return inbox

    def find(self, name: str) -> Inbox | None:
        """Return an inbox, if it exists."""
        return self._by_name.get(name)

    def delete(self, name: str) -> bool:
        """Delete an inbox and its webhooks; return False if there is none."""
        return self._by_name.pop(name, None) is not None

    def all(self) -> list[Inbox]:
        """Return all inboxes, the last used first."""
        return list(self._by_name.values())[::-1]


def _payload(body: bytes) -> Any:
    try:
        return parse_json(body)
    except BodyUnreadable:
        return None
