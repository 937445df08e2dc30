"""Reads on in what wallets have moved, and books it."""

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from finance.clients.wallet import PAGE, WalletClient
from finance.domain.feed.movements import BookMovement, MovementGap
from finance.repository import Books, FeedPositions, LinkedAccounts
from finance.repository.books import BookTakenError
from finance.repository.feed.position import FeedPosition
from finance.service.feed.movements import MovementsMissingError, book_movements
from kit.db import Database, UnitOfWork
from kit.db.outages import CONFLICTS, is_outage
from kit.db.tail import Tail
from kit.logs import get_logger
from kit.refusals import Unavailable
from kit.tasks import for_ever

MOST_GAPS: Final = 500  # of a tail; with more it begins anew where nothing is missing
MOST_STUCK: Final = 100  # of one page; where more can't be booked, it is not they who are at fault
RETRY_SECONDS: Final = 60.0  # between tries to book what stuck wallets have moved

seconds_behind = Gauge("saldo_feed_behind_seconds", "Age of the movement that is booked next")
stuck_wallets = Gauge("saldo_feed_stuck_wallets", "Wallets whose movements can't be booked")

_PASSING: Final = (Unavailable, TimeoutError, *CONFLICTS)

log = get_logger(__name__)


class Feed:
    """One reader of what wallets have moved; of several one gets on.

    How far it was read is stored with what was booked. What lies above that is read again after a
    crash, and skipped by the numbers of its accounts. A wallet of which something can't be booked
    is stuck: it is left out, and tried again by itself; at once where its owner's book was taken by
    somebody who writes for long, and is free again.
    """

    def __init__(
        self, database: Database, wallet: WalletClient, time_zone: str, page: int = PAGE
    ) -> None:
        """Take where to book, whom to ask for how many at once, and the zone of new books."""
        self._database = database
        self._wallet = wallet
        self._time_zone = time_zone
        self._limit = page
        self._place: FeedPosition | None = None
        self._tail = Tail(0)
        self._tried_at = time.monotonic()
        self._waiting: dict[UUID, UUID] = {}  # wallets whose owners' books are taken, with these

    @property
    def is_settled(self) -> bool:
        """Tell whether all that was read is booked, and lies below the stored position."""
        return self._place is not None and self._tail.is_settled and not self._waiting

    async def run(self, every_seconds: float) -> None:
        """Read on for ever: at once while there is more, else after a pause."""
        await for_ever("finance.feed", self._turn, every_seconds=every_seconds)

    async def once(self) -> bool:
        """Read and book one page; tell whether there is more.

        Before it comes what had to wait for books that are free again.
        """
        place = await self._begun()
        try:
            if self._waiting:
                taken = await self._taken(self._waiting.values())
                free = [one for one, owner in self._waiting.items() if owner not in taken]
                place = await self._free(place, free)
            return await self._read_on(place)
        except BaseException:
            self._place = None  # what the tail has taken may not be booked
            raise

    async def retry(self) -> None:
        """Book what stuck wallets have moved, as far as that is possible now."""
        self._tried_at = time.monotonic()
        place = await self._begun()
        await self._free(place, place.stuck)

    async def _turn(self) -> bool:
        if time.monotonic() >= self._tried_at + RETRY_SECONDS:
            await self.retry()
        return await self.once()

    async def _free(self, place: FeedPosition, wallet_ids: Collection[UUID]) -> FeedPosition:
        """Book what wallets have moved, as far as possible; return the new position."""
        freed = {one for one in wallet_ids if await self._is_freed(one)}
        if freed:
            await self._commit(place, (), place.stuck - freed)
        if self._place is not None:
            self._waiting = {one: who for one, who in self._waiting.items() if one not in freed}
        return await self._begun()

    async def _begun(self) -> FeedPosition:
        """Return the position; it is looked up where this reader has none."""
        if self._place is None or len(self._tail.gaps) > MOST_GAPS:
            async with self._database.read() as connection:
                self._place = await FeedPositions(connection).find()
            self._tail = Tail(self._place.after)
        return self._place

    async def _read_on(self, place: FeedPosition) -> bool:
        page = await self._wallet.read_on(self._tail, self._limit)
        before = self._tail.after
        self._tail.took(page.reading, time.monotonic())
        self._note_age(page.movements)
        if page.movements or self._tail.after > before:
            await self._book(place, page.movements)
        if page.reading.is_whole:
            seconds_behind.set(0)
        return not page.reading.is_whole and self._place is not None

    def _note_age(self, movements: Sequence[BookMovement]) -> None:
        if movements:
            age = self._database.clock.now() - movements[0].posted_at
            seconds_behind.set(age.total_seconds())

    async def _book(self, place: FeedPosition, movements: Sequence[BookMovement]) -> None:
        """Book a page with the position; what can't be booked makes its wallet stuck."""
        left = [one for one in movements if one.wallet_id not in place.stuck]
        if await self._fault(partial(self._commit, place, left)) is None:
            return
        stuck: dict[UUID, Exception] = {}
        await self._book_apart(left, stuck)
        taken = {one for one, fault in stuck.items() if isinstance(fault, BookTakenError)}
        self._waiting |= {one.wallet_id: one.owner_id for one in left if one.wallet_id in taken}
        await self._commit(place, (), place.stuck | stuck.keys())
        for wallet_id, fault in stuck.items():
            _raise_alarm(wallet_id, fault)

    async def _book_apart(
        self, movements: Sequence[BookMovement], stuck: dict[UUID, Exception]
    ) -> None:
        """Book movements, half by half, until only wallets that can't be booked are left.

        Those whose owners' books are taken are found at once.
        """
        fault = await self._fault(partial(self._commit_alone, movements))
        if fault is None:
            return
        if isinstance(fault, BookTakenError) and (
            taken := await self._taken({one.owner_id for one in movements})
        ):
            stuck |= {one.wallet_id: fault for one in movements if one.owner_id in taken}
            await self._book_apart([one for one in movements if one.owner_id not in taken], stuck)
            return
        if len(stuck) >= MOST_STUCK:
            raise fault
        first, *others = sorted({one.wallet_id for one in movements})
        if not others:
            stuck[first] = fault
            return
        half = {first, *others[: len(others) // 2]}
        await self._book_apart([one for one in movements if one.wallet_id in half], stuck)
        await self._book_apart([one for one in movements if one.wallet_id not in half], stuck)

    async def _taken(self, owner_ids: Collection[UUID]) -> set[UUID]:
        async with self._database.read() as connection:
            return await Books(connection).taken(owner_ids)

    async def _is_freed(self, wallet_id: UUID) -> bool:
        async with self._database.read() as connection:
            accounts = await LinkedAccounts(connection).among([wallet_id])
        seq = accounts[wallet_id].seq if accounts else 0
        fault = await self._fault(partial(self._fill, MovementGap(wallet_id, seq)))
        if fault is not None:
            _raise_alarm(wallet_id, fault)
        return fault is None

    async def _fault(self, commit: Callable[[], Awaitable[None]]) -> Exception | None:
        """Book something; return the error, where that is the fault of what is booked."""
        try:
            await self._filling(commit)
        except Exception as error:
            if await self._is_passing(error):
                raise
            return error
        return None

    async def _is_passing(self, error: Exception) -> bool:
        """Tell whether an error is of the moment, and no movement's fault."""
        return isinstance(error, _PASSING) or await is_outage(self._database, error)

    async def _commit(
        self,
        place: FeedPosition,
        movements: Sequence[BookMovement],
        stuck: Collection[UUID] | None = None,
    ) -> None:
        async with self._database.unit_of_work() as uow:
            moved = await FeedPositions(uow).move(place, self._tail.after, stuck)
            if moved is not None:
                await self._write(uow, movements)
        self._place = moved  # None: another process reads on, and this one begins where it is
        stuck_wallets.set(0 if moved is None else len(moved.stuck - self._waiting.keys()))

    async def _commit_alone(self, movements: Sequence[BookMovement]) -> None:
        async with self._database.unit_of_work() as uow:
            await self._write(uow, movements)

    async def _write(self, uow: UnitOfWork, movements: Sequence[BookMovement]) -> None:
        if movements:
            await Books(uow).wait_briefly()
            await book_movements(uow, movements, self._time_zone)

    async def _filling(self, commit: Callable[[], Awaitable[None]]) -> None:
        """Book something, and first what is missing before it."""
        try:
            await commit()
        except MovementsMissingError as missing:
            for gap in missing.gaps:
                log.warning(
                    "movements_missing", wallet_id=str(gap.wallet_id), after_seq=gap.after_seq
                )
                await self._fill(gap)
            await commit()

    async def _fill(self, gap: MovementGap) -> None:
        """Fetch what a wallet has moved after a number, and book it page by page."""
        seq = gap.after_seq
        while movements := await self._wallet.of_wallet(gap.wallet_id, seq):
            await self._commit_alone(movements)
            seq = movements[-1].seq


def _raise_alarm(wallet_id: UUID, fault: Exception) -> None:
    if isinstance(fault, BookTakenError):  # that passes by itself
        return
    log.error("wallet_stuck", wallet_id=str(wallet_id), exc_info=fault)
