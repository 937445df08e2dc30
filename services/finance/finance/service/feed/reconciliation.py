"""Compares all books with themselves and with wallet; changes nothing."""

import time
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from finance.clients.wallet import WalletClient
from finance.domain.feed.reconciliation import (
    Difference,
    ToldBalance,
    difference_of_movement,
    difference_with_wallet,
    differences_within,
    is_behind,
)
from finance.repository import BookedSums, FeedPositions, FinancePeople
from finance.repository.feed.position import FeedPosition
from kit.db import Database
from kit.db.tail import Tail

PAGE: Final = 500


@dataclass(slots=True)
class Reconciliation:
    """What was compared, and what differs.

    Attributes:
        accounts: How many accounts were compared with their transactions.
        wallets: How many wallets were compared with what is booked of them.
        behind: How many of these have movements that are not booked yet.
        movements: How many movements of wallets were compared with what is booked of each.
    """

    accounts: int = 0
    wallets: int = 0
    behind: int = 0
    movements: int = 0
    differences: list[Difference] = field(default_factory=list)


async def reconcile(database: Database, wallet: WalletClient) -> Reconciliation:
    """Compare accounts with their transactions, wallets and movements with both.

    Wallet is asked first, and how far the feed has read before what is booked: what is booked
    meanwhile is left out of the sum by its number, and nothing is missed that is still to be read.
    Wallets of owners who keep no book are passed over.

    Raises Unavailable where wallet does not answer.
    """
    found = Reconciliation()
    await _compare_accounts(database, found)
    await _compare_wallets(database, wallet, found)
    await _compare_movements(database, wallet, found)
    return found


async def _compare_accounts(database: Database, found: Reconciliation) -> None:
    after: UUID | None = None
    while True:
        async with database.read() as connection:
            page = await BookedSums(connection).balances(after, PAGE)
        if not page:
            return
        after = page[-1].account_id
        found.accounts += len(page)
        found.differences += [one for account in page for one in differences_within(account)]


async def _compare_wallets(database: Database, wallet: WalletClient, found: Reconciliation) -> None:
    after: UUID | None = None
    while page := await wallet.balances(after, PAGE):
        after = page[-1].wallet_id
        async with database.read() as connection:
            place = await FeedPositions(connection).find()
            gone = await FinancePeople(connection).without_book({one.owner_id for one in page})
            kept = [one for one in page if one.owner_id not in gone]
            booked = await BookedSums(connection).at(kept)
        found.wallets += len(kept)
        for told in kept:
            known, is_read = booked.get(told.wallet_id), _is_read(told, place)
            found.behind += is_behind(told, known, is_read=is_read)
            difference = difference_with_wallet(told, known, is_read=is_read)
            if difference is not None:
                found.differences.append(difference)


async def _compare_movements(
    database: Database, wallet: WalletClient, found: Reconciliation
) -> None:
    tail, is_whole = Tail(0), False
    while not is_whole:
        page = await wallet.read_on(tail)
        tail.took(page.reading, time.monotonic())
        is_whole = page.reading.is_whole
        async with database.read() as connection:
            booked = await BookedSums(connection).of_movements(page.movements)
        found.movements += len(booked)
        differences = (
            difference_of_movement(one, booked[one.wallet_id, one.seq])
            for one in page.movements
            if (one.wallet_id, one.seq) in booked
        )
        found.differences += [one for one in differences if one is not None]


def _is_read(told: ToldBalance, place: FeedPosition) -> bool:
    """Tell whether the feed has come to a wallet's first movement."""
    first = told.first_position
    return first is not None and place.has_passed(told.wallet_id, first)
