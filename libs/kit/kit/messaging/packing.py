"""Packs outbox rows into AMQP messages: rows of one route travel as one batch.

The broker's cost is per message, not per byte, so packing is what lifts the relay's rate.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.outbox import COMMANDS, REPLIES, Row

MAX_EVENTS = 200
MAX_BYTES = 64 * 1024


@dataclass(slots=True)
class Parcel:
    """One AMQP message and the rows inside it, in their order."""

    rows: list[Row] = field(default_factory=list)
    size: int = 0

    def add(self, row: Row) -> None:
        """Add one more row."""
        self.rows.append(row)
        self.size += len(row.body)

    def has_room_for(self, row: Row) -> bool:
        """Tell whether a row fits; anything fits into an empty parcel."""
        return len(self.rows) < MAX_EVENTS and self.size + len(row.body) <= MAX_BYTES

    def publication(self) -> Publication:
        """Return the AMQP message; a lone event is sent as itself, not as a batch."""
        first = self.rows[0]
        lone = len(self.rows) == 1
        return Publication(
            exchange=first.exchange,
            routing_key=first.routing_key,
            body=first.body if lone else cloudevents.pack(row.body for row in self.rows),
            content_type=cloudevents.SINGLE if lone else cloudevents.BATCH,
            mandatory=first.exchange in (COMMANDS, REPLIES),
        )


def parcels(rows: Iterable[Row]) -> list[Parcel]:
    """Group rows by route into parcels of at most MAX_EVENTS and MAX_BYTES.

    A row that is larger goes alone. Rows of one subject keep their order, also across routes: a row
    joins the open parcel of its route unless an earlier row of its subject is in a later parcel.
    """
    made: list[Parcel] = []
    is_open: dict[tuple[str, str], int] = {}  # route -> position of the parcel it still fills
    last: dict[str, int] = {}  # subject -> position of the parcel with its latest row
    for row in rows:
        route = (row.exchange, row.routing_key)
        at = is_open.get(route)
        if at is None or last.get(row.subject, 0) > at or not made[at].has_room_for(row):
            at = is_open[route] = len(made)
            made.append(Parcel())
        made[at].add(row)
        last[row.subject] = at
    return made
