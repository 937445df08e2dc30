"""Holds the parts that the composition root opened, for operations; opens none."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias
from uuid import UUID

from kit.db import Batcher, Connection, Database
from kit.refusals import Refusal, Unavailable
from kit.web.state import from_state
from wallet.clients.payments import PaymentsClient
from wallet.domain.wallets import Wallet
from wallet.repository.wallets import Wallets
from wallet.settings import Settings

READ_SECONDS: Final = 3.0

WalletReads: TypeAlias = Batcher[Connection, UUID, Wallet | None]


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need.

    Attributes:
        settings: What the environment says.
        database: The pool of connections.
        payments: The client of payments' API.
        reads: Finds the wallets of requests that arrive together by one statement.
    """

    settings: Settings
    database: Database
    payments: PaymentsClient
    reads: WalletReads


Wired = Annotated[Wiring, from_state("wiring")]


def wallet_reads(database: Database) -> WalletReads:
    """Return what finds wallets, all that are asked for meanwhile together."""

    async def look_up(connection: Connection, ids: Sequence[UUID]) -> list[Wallet | Refusal | None]:
        # Who asks next waits for this one: a connection that is silent is given up early.
        try:
            async with asyncio.timeout(READ_SECONDS):
                found = await Wallets(connection).find_all(ids)
        except TimeoutError:
            return [Unavailable() for _ in ids]
        return [found.get(one) for one in ids]

    return Batcher(database.read, look_up, name="wallet.reads", quiet=0)
