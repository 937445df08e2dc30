"""Packs messages of one route into outbox rows, and rows into AMQP messages.

PostgreSQL's cost is per row and the broker's per message, neither per byte, so packing is what
lifts the relay's rate.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.topology import COMMANDS, REPLIES

MAX_EVENTS = 200
MAX_BYTES = 64 * 1024


class Row(NamedTuple):
    """One outbox row: an encoded message, or several that share a route.

    Attributes:
        number: Its place in the outbox; 0 as long as it has none.
        subjects: Of each of its messages, in their order.
        body: The message, or the batch of several.
    """

    number: int
    exchange: str
    routing_key: str
    subjects: Sequence[str]
    body: bytes

    @property
    def content_type(self) -> str:
        """Say whether the body is one message or a batch."""
        return cloudevents.SINGLE if len(self.subjects) == 1 else cloudevents.BATCH

    def messages(self) -> list[bytes]:
        """Return the bytes of each message."""
        return cloudevents.unpack(self.body, self.content_type)

    def split(self, held: Collection[str]) -> "tuple[Row | None, Row | None]":
        """Return what may go and what is about ``held`` subjects; None for nothing."""
        is_held = [subject in held for subject in self.subjects]
        if all(is_held):
            return None, self
        if not any(is_held):
            return self, None
        return self._part(is_held, wanted=False), self._part(is_held, wanted=True)

    def _part(self, is_held: Sequence[bool], *, wanted: bool) -> "Row":
        given = zip(self.subjects, self.messages(), is_held, strict=True)
        part = [(subject, message) for subject, message, held in given if held == wanted]
        subjects, messages = zip(*part, strict=True)
        body = messages[0] if len(messages) == 1 else cloudevents.pack(messages)
        return self._replace(subjects=subjects, body=body)


@dataclass(slots=True)
class Parcel:
    """Rows that travel as one, in their order: into the outbox, or out of it."""

    rows: list[Row] = field(default_factory=list)
    count: int = 0
    size: int = 0

    def add(self, row: Row) -> None:
        """Add one more row."""
        self.rows.append(row)
        self.count += len(row.subjects)
        self.size += len(row.body)

    def has_room_for(self, row: Row) -> bool:
        """Tell whether a row fits; anything fits into an empty parcel."""
        return (
            self.count + len(row.subjects) <= MAX_EVENTS and self.size + len(row.body) <= MAX_BYTES
        )

    def row(self) -> Row:
        """Return all of it as one row, which has no number yet; nothing is parsed."""
        first = self.rows[0]
        if len(self.rows) == 1:
            return first
        return Row(
            0,
            first.exchange,
            first.routing_key,
            [subject for row in self.rows for subject in row.subjects],
            cloudevents.pack(
                row.body if len(row.subjects) == 1 else row.body[1:-1] for row in self.rows
            ),
        )

    def publication(self) -> Publication:
        """Return the AMQP message; a lone event is sent as itself, not as a batch."""
        packed = self.row()
        return Publication(
            exchange=packed.exchange,
            routing_key=packed.routing_key,
            body=packed.body,
            content_type=packed.content_type,
            mandatory=packed.exchange in (COMMANDS, REPLIES),
        )


def parcels(rows: Iterable[Row]) -> list[Parcel]:
    """Group rows by route into parcels of at most MAX_EVENTS and MAX_BYTES.

    A row that is larger goes alone. Rows of one subject keep their order, also across routes: a row
    joins the open parcel of its route unless an earlier row of its subjects is in a later parcel.
    """
    made: list[Parcel] = []
    is_open: dict[tuple[str, str], int] = {}  # route -> position of the parcel it still fills
    last: dict[str, int] = {}  # subject -> position of the parcel with its latest row
    for row in rows:
        route = (row.exchange, row.routing_key)
        at = is_open.get(route)
        if (
            at is None
            or not made[at].has_room_for(row)
            or any(last.get(subject, 0) > at for subject in row.subjects)
        ):
            at = is_open[route] = len(made)
            made.append(Parcel())
        made[at].add(row)
        last.update(dict.fromkeys(row.subjects, at))
    return made
