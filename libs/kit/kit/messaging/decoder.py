"""Decodes deliveries into messages to handle, and dead letters to store. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from prometheus_client import Counter

from kit.messaging import cloudevents, inbox
from kit.messaging.broker import Delivery
from kit.messaging.cloudevents import UndecodableError
from kit.messaging.dead_letters import DeadLetter, dead_letter
from kit.messaging.messages import Envelope, Message
from kit.messaging.routes import Handler

ignored = Counter("saldo_messages_ignored", "Events of a type nobody handles", ["queue"])


class Item(NamedTuple):
    """One message and its handler; ``raw`` is the event as it came."""

    envelope: Envelope
    handler: Handler
    raw: bytes


@dataclass(slots=True)
class Decoded:
    """The messages of some deliveries, and the dead letters to store."""

    items: list[Item] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)


class Decoder:
    """Decodes the messages of one queue."""

    def __init__(
        self,
        queue: str,
        handlers: Mapping[str, tuple[type[Message], Handler]],
        *,
        unknown_is_fine: bool,
    ) -> None:
        """Take handlers by message type; see `Consumer` for `unknown_is_fine`."""
        self.queue = queue
        self._handlers = handlers
        self._unknown_is_fine = unknown_is_fine

    def read(self, deliveries: Sequence[Delivery], today: date) -> Decoded:
        """Return the messages inside deliveries, in their order."""
        reading = Decoded()
        for delivery in deliveries:
            try:
                raws = cloudevents.unpack(delivery.body, delivery.content_type)
            except UndecodableError as error:
                bad = dead_letter(self.queue, delivery.body, "undecodable", str(error))
                reading.dead.append(bad)
                continue
            for raw in raws:
                self._read_event(raw, today, reading)
        return reading

    def _read_event(self, raw: bytes, today: date, reading: Decoded) -> None:
        try:
            kind, event_id = cloudevents.type_and_id(raw)
            if kind not in self._handlers:
                self._meet_stranger(raw, kind, reading)
            elif inbox.is_stale(event_id, today):
                stale = dead_letter(self.queue, raw, "stale", f"event id {event_id}")
                reading.dead.append(stale)
            else:
                reading.items.append(self._item(raw, kind))
        except UndecodableError as error:
            reading.dead.append(dead_letter(self.queue, raw, "undecodable", str(error)))

    def _meet_stranger(self, raw: bytes, kind: str, reading: Decoded) -> None:
        if self._unknown_is_fine:
            ignored.labels(self.queue).inc()
        else:
            reading.dead.append(dead_letter(self.queue, raw, "unknown_command", kind))

    def item(self, raw: bytes) -> Item:
        """Decode one event; raises UndecodableError."""
        kind, _ = cloudevents.type_and_id(raw)
        if kind not in self._handlers:
            raise UndecodableError(f"nobody handles {kind}")
        return self._item(raw, kind)

    def _item(self, raw: bytes, kind: str) -> Item:
        model, handler = self._handlers[kind]
        return Item(cloudevents.decode(raw, model), handler, raw)
