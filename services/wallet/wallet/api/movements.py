"""Serves what wallets have moved to the service that keeps people's books."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from kit.web.answers import Answer
from kit.web.routes import Router
from wallet.repository.movements import WalletMovements
from wallet.schemas.movements import (
    BalancesAnswer,
    BalancesQuery,
    MovementsAnswer,
    MovementsQuery,
    WalletMovementsAnswer,
    WalletMovementsQuery,
    movements_json,
    page_json,
)
from wallet.wiring import Wired

router = Router(tags=["internal"])


@router.get(
    "/internal/movements",
    access="service",
    operation_id="read_movements",
    summary="Read on in what all wallets have moved",
    response_model=MovementsAnswer,
)
async def read_movements(query: Annotated[MovementsQuery, Query()], wired: Wired) -> Answer:
    """Give the next entries after a position, and those that commit late before it.

    Nothing is remembered of the reader: `kit.db.tail.Tail` takes the answer and says what to ask
    for next.
    """
    async with wired.database.read() as connection:
        page = await WalletMovements(connection).read_on(query.after, query.spans, query.limit)
    return Answer(200, body=page_json(page))


@router.get(
    "/internal/wallets/{wallet_id}/movements",
    access="service",
    operation_id="read_wallet_movements",
    summary="Read on in what one wallet has moved",
    response_model=WalletMovementsAnswer,
)
async def read_wallet_movements(
    wallet_id: UUID, query: Annotated[WalletMovementsQuery, Query()], wired: Wired
) -> Answer:
    """Give a wallet's entries after a number; none where there is no such wallet."""
    async with wired.database.read() as connection:
        found = await WalletMovements(connection).of_wallet(wallet_id, query.after_seq, query.limit)
    return Answer(200, body=movements_json(found))


@router.get(
    "/internal/wallets",
    access="service",
    operation_id="read_balances",
    summary="Read all wallets: their latest entry's number, and the balance after it",
)
async def read_balances(query: Annotated[BalancesQuery, Query()], wired: Wired) -> BalancesAnswer:
    """Give wallets in the order of their ids, for who compares them with a book."""
    async with wired.database.read() as connection:
        return BalancesAnswer.of(
            await WalletMovements(connection).balances(query.after, query.limit)
        )
