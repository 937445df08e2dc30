"""What wallets have moved, as finance is told of it: movements, purchases, new wallets."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.integration.finance.room import Json, Room

from contracts.shop import OrderPaid, PaidItem
from contracts.wallet import SHOP
from finance.domain.feed.movements import BookMovement
from finance.service.feed.movements import book_movements
from kit.ids import new_id

AT = datetime(2026, 1, 31, 21, 30, tzinfo=UTC)


@dataclass
class Purse:
    """A wallet of the room's user, and what it moves."""

    room: Room
    owner: UUID
    wallet_id: UUID = field(default_factory=new_id)
    seq: int = 0
    balance_minor: int = 0

    def movement(self, amount_minor: int, **more: Any) -> BookMovement:
        """Return the next movement; by default a payment to somebody, or from them."""
        self.seq += 1
        self.balance_minor += amount_minor
        known: dict[str, Any] = {
            "position": self.seq,
            "wallet_id": self.wallet_id,
            "owner_id": self.owner,
            "currency": "RUB",
            "wallet_name": "Main",
            "seq": self.seq,
            "amount_minor": amount_minor,
            "balance_after_minor": self.balance_minor,
            "posted_at": AT,
            "transfer_id": str(new_id()),
            "kind": "payment",
            "reference": str(new_id()),
            "description": None,
            "purpose": None,
            "counterparty_id": None,
            "is_own_counterparty": False,
        }
        return BookMovement(**known | more)

    async def moves(self, amount_minor: int, **more: Any) -> Json:
        """Book the next movement; return its transaction."""
        movement = self.movement(amount_minor, **more)
        async with self.room.database.unit_of_work() as uow:
            assert await book_movements(uow, [movement], "UTC") == 1
        return await self.seen(movement.seq)

    async def pays_the_shop(self, payment_id: UUID, amount_minor: int) -> Json:
        """Book the payment of an order; return its transaction."""
        return await self.moves(-amount_minor, reference=str(payment_id), counterparty_id=SHOP)

    async def seen(self, seq: int) -> Json:
        """Return the transaction of a movement, as the API shows it."""
        [row] = await self.room.rows(
            "SELECT transaction.id FROM transaction JOIN account ON account.id = account_id"
            " WHERE wallet_id = $1 AND movement_seq = $2",
            self.wallet_id,
            seq,
        )
        answer = await self.room.ask("GET", f"/transactions/{row['id']}", by=self.owner)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


def order_paid(buyer: UUID, payment_id: UUID, *items: tuple[str, tuple[str, ...], int]) -> Any:
    """Return the shop's event: of each item its name, its categories, what it cost."""
    return OrderPaid(
        order_id=new_id(),
        payment_id=payment_id,
        buyer_id=buyer,
        currency="RUB",
        items=tuple(
            PaidItem(
                product_id=new_id(),
                name=name,
                category_id=new_id() if slugs else None,
                categories=slugs,
                quantity=1,
                amount_minor=minor,
            )
            for name, slugs, minor in items
        ),
    )
