"""What passes wake-ups on to another process notices the end of its connection by itself."""

import asyncpg
import pytest

from kit.db.database import Database
from kit.messaging import relay
from kit.messaging.relay import RemoteWaker
from testkit.conditions import running, until
from testkit.databases import Cluster


async def test_a_waker_with_nothing_to_pass_on_notices_that_its_connection_has_ended(
    database: Database, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LAST_POLL_SECONDS", 0.01)
    seen = await _asking(cluster)

    async def is_back() -> bool:
        return not seen.issuperset(await _asking(cluster))

    async with running(RemoteWaker(database, cluster.url("kit")).run()):
        for _ in range(2):
            await until(is_back)
            seen |= await _asking(cluster)
            await cluster.end_connections("kit")


async def _asking(cluster: Cluster) -> set[int]:
    """Return the sessions that only ask whether PostgreSQL is there."""
    connection = await asyncpg.connect(cluster.url())
    rows = await connection.fetch(
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = 'kit' AND query = 'SELECT 1'"
    )
    await connection.close()
    return {row["pid"] for row in rows}
