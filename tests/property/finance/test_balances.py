"""Random work in a book, some of it cut off on its way to COMMIT: the books always agree."""

from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import pytest
from tests.integration.finance.room import Room, opened

from finance.domain.transactions.drafts import SplitDraft, TransactionDraft
from finance.domain.transactions.transactions import TransactionType
from finance.domain.transactions.transfers import TransferDraft
from finance.schemas.accounts import FinanceAccountRequest
from finance.service.accounts import add_account, change_account, delete_account
from finance.service.transactions.transactions import (
    add_transaction,
    change_transaction,
    delete_transaction,
)
from finance.service.transactions.transfers import add_transfer
from kit.edits import ANY_EDITION
from testkit.cuts import is_cut_at
from testkit.databases import Cluster

STEPS = 120
# Whatever has happened: what an account holds, and what parts and pairs come to.
WRONG_BALANCES = """
SELECT name FROM account
WHERE balance_minor <> opening_minor
    + coalesce((SELECT sum(amount_minor) FROM transaction WHERE account_id = account.id), 0)
"""
WRONG_SPLITS = """
SELECT transaction.id FROM transaction LEFT JOIN split ON transaction_id = transaction.id
GROUP BY transaction.id
HAVING is_split <> (count(position) > 0)
    OR (is_split AND (sum(split.amount_minor) <> transaction.amount_minor
        OR bool_or(split.date <> transaction.date)))
"""
WRONG_PAIRS = """
SELECT transfer_id FROM transaction WHERE transfer_id IS NOT NULL
GROUP BY transfer_id HAVING count(*) <> 2 OR sum(amount_minor) <> 0
"""


@dataclass
class Life:
    """A book whose owner does things by chance."""

    room: Room
    random: Random
    accounts: list[UUID] = field(default_factory=list)
    categories: list[UUID] = field(default_factory=list)
    cuts: int = 0

    async def step(self) -> None:
        """Do something, or begin to."""
        work = self.work(self.random.choice(_DEEDS))
        if self.random.random() < 0.4:
            self.cuts += await is_cut_at(work, self.random.randint(1, 25))
        else:
            await work

    async def work(self, deed: Any) -> None:
        async with self.room.database.unit_of_work() as uow:
            await deed(self, uow)

    async def known(self, table: str) -> list[UUID]:
        return [row["id"] for row in await self.room.rows(f"SELECT id FROM {table} ORDER BY id")]

    @property
    def amount(self) -> str:
        return f"{self.random.randint(1, 9)}.{self.random.randint(0, 99):02}"

    async def draft(self) -> TransactionDraft:
        account_id = self.random.choice(await self.known("account"))
        amount = self.random.randint(2, 900)
        categories = await self.known("category")
        parts: tuple[SplitDraft, ...] = ()
        if self.random.random() < 0.3:
            first = self.random.randint(1, amount - 1)
            parts = tuple(
                SplitDraft(self.random.choice(categories), f"{minor / 100:.2f}")
                for minor in (first, amount - first)
            )
        return TransactionDraft(
            account_id=account_id,
            type=TransactionType.EXPENSE,
            amount=f"{amount / 100:.2f}",
            splits=parts,
        )

    async def books(self, uow: Any) -> None:
        await add_transaction(uow, self.room.owner, await self.draft())

    async def moves(self, uow: Any) -> None:
        ends = self.random.sample(await self.known("account"), 2)
        draft = TransferDraft(from_account_id=ends[0], to_account_id=ends[1], amount=self.amount)
        await add_transfer(uow, self.room.owner, draft)

    async def changes(self, uow: Any) -> None:
        rows = await self.room.rows("SELECT id FROM transaction WHERE type <> 'transfer'")
        if not rows:
            return
        draft = await self.draft()
        changes = {name: getattr(draft, name) for name in ("account_id", "amount", "splits")}
        one = self.random.choice(rows)["id"]
        await change_transaction(uow, self.room.owner, one, changes, ANY_EDITION)

    async def deletes(self, uow: Any) -> None:
        if found := await self.known("transaction"):
            one = self.random.choice(found)
            await delete_transaction(uow, self.room.owner, one, ANY_EDITION)

    async def opens(self, uow: Any) -> None:
        request = FinanceAccountRequest(name="Cash", opening_balance=self.amount)
        await add_account(uow, self.room.owner, request.account(self.room.owner, uow.clock.now()))

    async def reopens(self, uow: Any) -> None:
        one = self.random.choice(await self.known("account"))
        changes = {"opening_balance": f"-{self.amount}"}
        await change_account(uow, self.room.owner, one, changes, ANY_EDITION)

    async def merges(self, uow: Any) -> None:
        found = await self.known("account")
        if len(found) > 3:
            gone, heir = self.random.sample(found, 2)
            await delete_account(uow, self.room.owner, gone, ANY_EDITION, heir)


_DEEDS = (
    *(Life.books,) * 4,
    *(Life.moves,) * 2,
    *(Life.changes,) * 3,
    Life.deletes,
    Life.opens,
    Life.reopens,
    Life.merges,
)


@pytest.mark.parametrize("seed", range(4))
async def test_a_balance_is_what_was_opened_and_booked_whatever_was_cut_off(
    cluster: Cluster, seed: int
) -> None:
    async with opened(cluster) as room:
        life = Life(room, Random(seed))
        for name in ("Cash", "Card", "Savings"):
            await room.account(name, opening_balance="10.00")
        for name in ("Food", "Rent"):
            await room.category(name)
        for _ in range(STEPS):
            await life.step()
            for wrong in (WRONG_BALANCES, WRONG_SPLITS, WRONG_PAIRS):
                assert await room.rows(wrong) == [], f"seed {seed}"
        assert life.cuts > 10
        assert len(await life.known("transaction")) > 10
