"""Movements: how fast finance books what wallet posts, and what that costs a payment."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from deploy.stack import Stack
from tests.benchmarks import wallet_core

FINANCE = "finance"
PATIENCE_SECONDS = 300.0
_MOVED = "SELECT sum(seq)::bigint FROM wallet.account WHERE kind = 'wallet'"
_BOOKED = "SELECT coalesce(sum(seq), 0)::bigint FROM finance.account WHERE wallet_id IS NOT NULL"

_IS_READ = """
SELECT coalesce((SELECT after FROM finance.feed_position), 0)
    >= coalesce((SELECT max(position) FROM wallet.entry), 0)
"""


@asynccontextmanager
async def without_finance(stack: Stack) -> AsyncIterator[None]:
    """Run without finance, and with it again afterwards."""
    await asyncio.to_thread(stack.stop_service, FINANCE)
    try:
        yield
    finally:
        await asyncio.to_thread(stack.start_service, FINANCE)


async def caught_up(saldo_url: str) -> float:
    """Return how many movements a second are booked, from the first of them until all are."""
    connection = await asyncpg.connect(saldo_url)
    try:
        moved = await connection.fetchval(_MOVED)
        first = last = await connection.fetchval(_BOOKED)
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while last < moved:
                await asyncio.sleep(0.02)
                if last == first:  # it has only just started
                    began = time.perf_counter()
                last = await connection.fetchval(_BOOKED)
        return float((moved - first) / (time.perf_counter() - began))
    finally:
        await connection.close()


async def all_booked(saldo_url: str) -> None:
    """Wait until finance has read all that was moved."""
    connection = await asyncpg.connect(saldo_url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await connection.fetchval(_IS_READ):
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def reconciled(stack: Stack) -> str:
    """Return what `python -m finance reconcile` says; it must find no difference."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        FINANCE,
        "reconcile",
        env={**os.environ, **stack.env_of(FINANCE)},
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(told.decode())
    return told.decode().strip()


async def posted(core: wallet_core.Core, owners: Sequence[UUID], count: int) -> float:
    """Return how many movements of wallets are posted a second: two for each transfer."""
    return 2 * await core.run(owners, count, hot=False)
