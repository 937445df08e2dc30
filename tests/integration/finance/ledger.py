"""Books accounts, categories and transactions by requests, as a user of finance does."""

from dataclasses import dataclass
from typing import Any

from tests.integration.finance.room import Json, Room


@dataclass(frozen=True, slots=True)
class Ledger:
    """What one user books."""

    room: Room

    async def account(self, name: str = "Cash", opening: str | None = None, **more: Any) -> str:
        """Open an account."""
        opened = {} if opening is None else {"opening_balance": opening}
        made = await self.room.make("/accounts", name=name, **opened, **more)
        return str(made["id"])

    async def category(self, name: str, kind: str = "expense", parent: str | None = None) -> str:
        """Add a category."""
        made = await self.room.make("/categories", name=name, type=kind, parent_id=parent)
        return str(made["id"])

    async def spend(self, account: str, amount: str, day: str, **more: Any) -> Json:
        """Book an expense."""
        return await self.book(account, "expense", amount, day, **more)

    async def earn(self, account: str, amount: str, day: str, **more: Any) -> Json:
        """Book an income."""
        return await self.book(account, "income", amount, day, **more)

    async def book(self, account: str, kind: str, amount: str, day: str, **more: Any) -> Json:
        """Book a transaction."""
        body = {"account_id": account, "type": kind, "amount": amount, "date": day, **more}
        return await self.room.make("/transactions", **body)

    async def move(self, source: str, target: str, amount: str, day: str, **more: Any) -> Json:
        """Move money between two accounts."""
        body = {"from_account_id": source, "to_account_id": target, "amount": amount, "date": day}
        return await self.room.make("/transfers", **body, **more)
