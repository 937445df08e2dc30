"""Drains the outbox: decides which rows to read, publish and delete next.

A row is deleted only after it was confirmed, and every row still there is read again by the next
sweep from the start, whatever went wrong before.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

from kit.db.tail import Frontier
from kit.messaging.broker import PublicationRefusedError, Publisher, PublishOutcome
from kit.messaging.outbox import OutboxPage
from kit.messaging.packing import Parcel, Row, parcels
from kit.messaging.undeliverable import Undeliverable
from kit.tasks import together

PAGE = 200  # rows, of which each may be a full pack
# No transaction takes as long between writing its messages, its last statement, and its commit;
# one that writes other things for hours must not make every reading start before it.
LONGEST_COMMIT_SECONDS = 10.0
SWEEP_SECONDS = 0.5
SWEEP_SHARE = 0.1  # of the time: where dead rows make sweeping slow, it is done less often

published = Counter("saldo_outbox_published", "Events the broker has confirmed", ["service"])
messages = Counter("saldo_outbox_messages", "AMQP messages that they were in", ["service"])
undelivered = Counter("saldo_outbox_undelivered", "Events no queue took, or refused", ["service"])
blocked_now = Gauge("saldo_outbox_blocked", "Aggregates behind such an event", ["service"])

log = structlog.get_logger(__name__)


class Outbox(Protocol):
    """The rows that a drain reads: the table, or a simulation of it."""

    async def read_on(
        self,
        *,
        confirmed: Sequence[int],
        under_way: Sequence[int],
        blocked: Collection[str],
        after: int,
        limit: int,
    ) -> OutboxPage:
        """Delete confirmed rows and return the next ones, in order."""

    async def cut(self, rows: Sequence[Row]) -> None:
        """Keep this of rows that were confirmed in part."""


async def _no_news() -> None:
    """Wait for nothing."""


class Drain:
    """Publishes rows by one publisher after another.

    After any trouble it starts again from the lowest row.
    """

    def __init__(  # noqa: PLR0913 - what a test or a simulation replaces
        self,
        outbox: Outbox,
        undeliverable: Undeliverable,
        *,
        service: str,
        page: int = PAGE,
        monotonic: Callable[[], float] = time.monotonic,
        news: Callable[[], Awaitable[object]] = _no_news,
    ) -> None:
        """Take the outbox and what to leave alone in it.

        Args:
            outbox: The rows.
            undeliverable: Subjects to leave alone, kept over several drains.
            service: Whose outbox it is, for the metrics.
            page: How many rows to read at once.
            monotonic: The clock, in seconds.
            news: What waits a moment for the next commit, so that what was confirmed is deleted
                by the statement that reads on.
        """
        self._news = news
        self._outbox = outbox
        self._undeliverable = undeliverable
        self._service = service
        self._page = page
        self._monotonic = monotonic
        self._confirmed: list[int] = []  # to be deleted by the next read
        self._cut: list[Row] = []  # what the next read leaves of rows that were confirmed in part
        self._is_careful = False
        self._just_blocked: set[str] = set()
        self._blocked: frozenset[str] = frozenset()

    def start(self, publisher: Publisher) -> None:
        """Begin anew from the lowest row, on a fresh channel."""
        self._publisher = publisher
        self._window: list[Row] = []  # read, to be published next
        self._held: dict[int, Row] = {}  # number -> what is held back of a row in the window
        self._frontier = Frontier(longest_seconds=LONGEST_COMMIT_SECONDS)
        self._swept = 0  # how far the sweep under way has come
        self._has_more = False
        self._next_sweep_at = self._monotonic() + SWEEP_SECONDS

    async def step(self) -> bool:
        """Publish the rows read last, delete the confirmed ones and read on.

        Where more rows are known to wait, the next page is read while this one is on its way; else
        the next commit is waited for a moment, so that one statement deletes and reads.
        Returns False when nothing is left to do at present.
        """
        window = self._window
        if self._has_more:
            is_let_go = self._is_somebody_let_go()
            _, rows = await together(self._publish(window), self._read_on(window, is_let_go))
        else:
            if window:
                await self._publish(window)
                await self._news()
            rows = await self._read_on([], self._is_somebody_let_go())
        self._open_window(rows)
        return bool(self._confirmed or self._cut) or not self._is_drained

    def _open_window(self, rows: list[Row]) -> None:
        """Let go what is not blocked, so that nothing overtakes what was not read.

        That is a message whose subject was blocked when the rows were read, or since, and what was
        held back of a row that was under way.
        """
        self._just_blocked |= set(_subjects(self._held.values()))
        now_blocked = self._undeliverable.blocked(self._monotonic())
        blocked = self._blocked | now_blocked | self._just_blocked
        split = [row.split(blocked) for row in rows] if blocked else [(row, None) for row in rows]
        self._window = [free for free, _ in split if free]
        self._held = {held.number: held for free, held in split if free and held}

    def _is_somebody_let_go(self) -> bool:
        """Tell whether a block has ended, or may end before the next reading."""
        before, self._blocked = self._blocked, self._undeliverable.blocked(self._monotonic())
        just_blocked, self._just_blocked = self._just_blocked, set()
        return bool(just_blocked) or not self._blocked >= before

    async def _read_on(self, under_way: Sequence[Row], is_let_go: bool) -> list[Row]:  # noqa: FBT001
        began = self._monotonic()
        # A subject that was blocked is read from its first row, wherever that is.
        is_sweep = is_let_go or began >= self._next_sweep_at
        if is_sweep:
            self._swept = 0
        await self._cut_rows()
        forgotten = len(self._confirmed)
        page = await self._outbox.read_on(
            confirmed=self._confirmed[:forgotten],
            under_way=[row.number for row in under_way],
            blocked=self._blocked,
            after=min(self._swept, self._frontier.after),
            limit=self._page,
        )
        del self._confirmed[:forgotten]
        now = self._monotonic()
        if is_sweep:
            pause = max(SWEEP_SECONDS, (now - began) / SWEEP_SHARE)
            self._next_sweep_at = now + pause
        if page.rows:
            self._frontier.passed(page.rows[-1].number, page.xid, began)
            self._frontier.advance(page.oldest_xid, now)
        self._has_more = len(page.rows) == self._page
        # A sweep goes on, page by page, until it has come as far as was read before.
        self._swept = page.rows[-1].number if self._has_more else self._frontier.after
        self._is_drained = not page.rows
        blocked_now.labels(self._service).set(len(self._undeliverable))
        return page.rows

    async def _cut_rows(self) -> None:
        """Leave in rows that were confirmed in part what was held back."""
        if cut := self._cut[:]:
            await self._outbox.cut(cut)
            del self._cut[: len(cut)]

    async def _publish(self, rows: list[Row]) -> None:
        """Publish rows and note which were confirmed."""
        if not rows:
            return
        packed = parcels(rows)
        if self._is_careful or self._undeliverable.are_suspect(_subjects(rows)):
            # One by one, so that the refused message is known.
            for parcel in packed:
                await self._publish_window([parcel])
            self._is_careful = False
        else:
            await self._publish_window(packed)

    async def _publish_window(self, window: list[Parcel]) -> None:
        try:
            outcomes = await self._publisher.publish([parcel.publication() for parcel in window])
        except PublicationRefusedError as error:
            if len(window) == 1:
                self._block(window[0], str(error))
            else:
                self._is_careful = True  # the next pass finds out which one it was
            raise
        for parcel, outcome in zip(window, outcomes, strict=True):
            if outcome is PublishOutcome.CONFIRMED:
                self._note_confirmed(parcel.rows)
                published.labels(self._service).inc(parcel.count)
                messages.labels(self._service).inc()
            else:
                self._block(parcel, "returned")

    def _note_confirmed(self, rows: list[Row]) -> None:
        for row in rows:
            held = self._held.get(row.number)
            if held is None:
                self._confirmed.append(row.number)
            else:
                self._cut.append(held)
        self._undeliverable.forgive(_subjects(rows), but=self._just_blocked)

    def _block(self, parcel: Parcel, reason: str) -> None:
        """Block the subjects of an undeliverable message for a while; others go on."""
        subjects = set(_subjects(parcel.rows))
        self._undeliverable.block(subjects, self._monotonic())
        self._just_blocked |= subjects
        undelivered.labels(self._service).inc(parcel.count)
        first = parcel.rows[0]
        log.error(
            "undeliverable",
            exchange=first.exchange,
            routing_key=first.routing_key,
            number=first.number,
            events=parcel.count,
            reason=reason,
        )


def _subjects(rows: Iterable[Row]) -> Iterator[str]:
    return chain.from_iterable(row.subjects for row in rows)
