"""How long messages wait to be sent is known to the API and to whoever reads the metrics."""

import pytest
from prometheus_client import REGISTRY

from kit.db.database import Database
from kit.messaging import backlog
from kit.refusals import Unavailable
from testkit.conditions import running, until
from testkit.databases import Cluster

from .test_relay import tell

MADE_OLDER = "UPDATE kit.outbox SET created_at = now() - interval '2 minutes'"


def oldest_seconds() -> float | None:
    return REGISTRY.get_sample_value("saldo_outbox_oldest_seconds", {"service": "kit"})


async def test_writes_are_refused_while_what_was_accepted_waits_for_too_long(
    database: Database, cluster: Cluster
) -> None:
    await tell(database, ["0"])
    await tell(database, [str(n) for n in range(backlog.SPARED)])  # one row, which is not one
    await backlog.look(database)
    database.require_no_backlog()
    await cluster.as_superuser(MADE_OLDER)
    await backlog.look(database)
    with pytest.raises(Unavailable):
        database.require_no_backlog()
    await cluster.as_superuser("DELETE FROM kit.outbox WHERE number > 1")
    await backlog.look(database)
    database.require_no_backlog()  # a few undeliverable messages close nothing


async def test_the_oldest_message_has_an_age_and_nothing_that_waits_has_none(
    database: Database, cluster: Cluster
) -> None:
    await tell(database, ["old"])
    await tell(database, ["young"])
    await cluster.as_superuser(f"{MADE_OLDER} WHERE number = 1")
    await backlog.look(database)
    assert (oldest_seconds() or 0) >= 120
    await cluster.as_superuser("DELETE FROM kit.outbox")
    await backlog.look(database)
    assert oldest_seconds() == database.backlog_seconds == 0.0


async def test_the_backlog_is_looked_at_again_and_again(
    database: Database, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "LOOK_SECONDS", 0.01)
    async with running(backlog.watch(database)):
        for _ in range(2):
            await tell(database, ["one"])
            await cluster.as_superuser(MADE_OLDER)
            await until(lambda: (oldest_seconds() or 0) >= 120)
            await cluster.as_superuser("DELETE FROM kit.outbox")
            await until(lambda: oldest_seconds() == 0.0)
