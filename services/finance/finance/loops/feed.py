"""Reads on in what wallets have moved, and books it."""

import time
from typing import Final

from finance.clients.wallet import PAGE, FeedPage, WalletClient
from finance.domain.movements import MovementGap
from finance.repository import FeedPositions
from finance.repository.feed_position import FeedPosition
from finance.service.movements import MovementsMissingError, book_movements
from kit.db import Database
from kit.db.tail import Tail
from kit.logs import get_logger
from kit.tasks import for_ever

MOST_GAPS: Final = 500  # of a tail; with more it begins anew where nothing is missing

log = get_logger(__name__)


class Feed:
    """One reader of what wallets have moved; of several one gets on.

    How far it was read is stored with what was booked. What lies above that is read again after a
    crash, and skipped by the numbers of its accounts.
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

    @property
    def is_settled(self) -> bool:
        """Tell whether all that was booked lies below the stored position."""
        return self._place is not None and self._tail.is_settled

    async def run(self, every_seconds: float) -> None:
        """Read on for ever: at once while there is more, else after a pause."""
        await for_ever("finance.feed", self.once, every_seconds=every_seconds)

    async def once(self) -> bool:
        """Read and book one page; tell whether there is more."""
        if self._place is None or len(self._tail.gaps) > MOST_GAPS:
            await self._begin()
        try:
            return await self._read_on()
        except BaseException:
            self._place = None  # what the tail has taken may not be booked
            raise

    async def _begin(self) -> None:
        async with self._database.read() as connection:
            self._place = await FeedPositions(connection).find()
        self._tail = Tail(self._place.after)

    async def _read_on(self) -> bool:
        page = await self._wallet.read_on(self._tail, self._limit)
        before = self._tail.after
        self._tail.took(page.reading, time.monotonic())
        if page.movements or self._tail.after > before:
            await self._book(page)
        return not page.reading.is_whole and self._place is not None

    async def _book(self, page: FeedPage) -> None:
        """Book a page with the position, and first what is missing before it."""
        try:
            await self._commit(page)
        except MovementsMissingError as missing:
            for gap in missing.gaps:
                await self._fill(gap)
            await self._commit(page)

    async def _commit(self, page: FeedPage) -> None:
        assert self._place is not None  # noqa: S101 - it was found before the page was read
        async with self._database.unit_of_work() as uow:
            place = await FeedPositions(uow).move(self._place, self._tail.after)
            if place is not None:
                await book_movements(uow, page.movements, self._time_zone)
        self._place = place  # None: another process reads on, and this one begins where it is

    async def _fill(self, gap: MovementGap) -> None:
        """Fetch what a wallet has moved after a number, and book it page by page."""
        log.warning("movements_missing", wallet_id=str(gap.wallet_id), after_seq=gap.after_seq)
        seq = gap.after_seq
        while movements := await self._wallet.of_wallet(gap.wallet_id, seq):
            async with self._database.unit_of_work() as uow:
                await book_movements(uow, movements, self._time_zone)
            seq = movements[-1].seq
