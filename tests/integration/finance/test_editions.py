"""Whatever changes what is shown of a thing changes its ETag, so that no stale edit passes."""

from collections.abc import Awaitable, Callable

import pytest
from tests.integration.finance.movements import Purse, order_paid
from tests.integration.finance.room import Json, Room

from finance.loops.recurrences import sweep_once
from kit.ids import new_id

NOUNS = ("accounts", "categories", "transactions", "recurring", "rules")


class Shelf:
    """A book with one of everything, and what others than its owner's edits do to it."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.payment_id = new_id()

    async def fill(self) -> None:
        """Write the book."""
        room = self.room
        self.cash, self.card = [await room.account(name) for name in ("Cash", "Card")]
        self.food = await room.category("Food")
        self.bread = await room.category("Bread", parent_id=self.food)
        today = f"{room.clock.now():%Y-%m-%d}"
        late = f"{today}T22:30:00Z"  # in Moscow it is the next day
        tea = {"description": "Tea", "date": late}
        await room.book(self.cash, category_id=self.food, **tea)
        await room.book(self.cash, splits=[{"category_id": self.food, "amount": "10.00"}], **tea)
        await room.book(self.cash, **tea)
        savings, amount = await room.account("Savings"), "5.00"
        ends = {"from_account_id": self.cash, "to_account_id": savings}
        await room.make("/transfers", **ends, amount=amount, date=late)
        await room.plan(self.cash, category_id=self.food, next_date=today)
        await room.make("/rules", category_id=self.food, words="tea", account_id=self.cash)
        await room.make("/rules", category_id=self.bread, product_category="bread")
        await Purse(room, room.user).pays_the_shop(self.payment_id, 300)

    async def seen(self) -> dict[str, tuple[Json, str]]:
        """Return what is shown of each thing, and its ETag.

        Without balances: they move with transactions, which are no edits of an account.
        """
        found = {}
        for path in [f"/{noun}/{one}" for noun in NOUNS for one in await self.room.ids(f"/{noun}")]:
            answer = await self.room.ask("GET", path)
            shown = {name: value for name, value in answer.json().items() if name != "balance"}
            found[path] = (shown, answer.headers["etag"])
        return found

    async def change_the_zone(self) -> None:
        await self.room.patch("/settings", time_zone="Europe/Moscow")

    async def hand_an_account_over(self) -> None:
        await self.room.delete(f"/accounts/{self.cash}", move_to=self.card)

    async def hand_a_category_over(self) -> None:
        await self.room.delete(f"/categories/{self.food}", move_to=self.bread)

    async def apply_the_rules(self) -> None:
        await self.room.ask("POST", "/rules/apply", json={})

    async def book_what_recurs(self) -> None:
        await sweep_once(self.room.database, "UTC")

    async def tell_of_a_purchase(self) -> None:
        bought = order_paid(self.room.user, self.payment_id, ("Rye", ("bread",), 300))
        await self.room.told(bought)

    async def edit_one_side_of_a_transfer(self) -> None:
        one, _ = await self.room.ids("/transactions", type="transfer")
        await self.room.patch(f"/transactions/{one}", description="for the sea")


@pytest.fixture
async def shelf(room: Room) -> Shelf:
    shelf = Shelf(room)
    await shelf.fill()
    return shelf


@pytest.mark.parametrize(
    ("write", "changes"),
    [
        # Three of plain transactions, both sides of a transfer, and the wallet's payment.
        (Shelf.change_the_zone, 6),
        # What was on it: three transactions, a side of a transfer, the rent, a rule; and the heir.
        (Shelf.hand_an_account_over, 7),
        # A transaction and one that is split, the rent, a rule; and the category within.
        (Shelf.hand_a_category_over, 5),
        (Shelf.apply_the_rules, 1),
        (Shelf.book_what_recurs, 1),
        (Shelf.tell_of_a_purchase, 1),
        (Shelf.edit_one_side_of_a_transfer, 2),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_what_is_shown_otherwise_has_another_etag(
    shelf: Shelf, write: Callable[[Shelf], Awaitable[None]], changes: int
) -> None:
    before = await shelf.seen()
    shelf.room.clock.advance(seconds=1)
    await write(shelf)
    after = await shelf.seen()
    changed = [path for path in before.keys() & after.keys() if before[path][0] != after[path][0]]
    assert len(changed) == changes
    for path in changed:
        (old, old_tag), (new, new_tag) = before[path], after[path]
        assert old_tag != new_tag, path
        assert old["updated_at"] < new["updated_at"], path
