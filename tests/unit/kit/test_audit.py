"""kit.audit: an administrator's act on its way to the audit log."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

import asyncpg
import orjson
from msgspec import convert

from kit.audit import Act, by_message
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Command
from kit.messaging.topology import COMMANDS


class RecordAct(Command):
    type: ClassVar[str] = "audit.record_act.v1"
    at: datetime
    actor_id: UUID
    action: str
    subject_kind: str
    subject_id: str | None
    owner_id: UUID | None
    owner_ids: tuple[UUID, ...]
    request_id: str | None
    address: str


class Driver:
    """A connection on which every statement succeeds, and which keeps what came with each."""

    def __init__(self) -> None:
        self.given: list[tuple[Any, ...]] = []

    async def execute(self, statement: str, *values: Any) -> str:
        if values:
            self.given.append(values)
        return statement

    def is_closed(self) -> bool:
        return False


async def test_an_act_goes_as_a_command_of_its_own_subject_with_all_that_it_says() -> None:
    owner = new_id()
    act = Act(
        id=new_id(),
        at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        actor_id=new_id(),
        action="get_wallet",
        subject_kind="wallet",
        subject_id="7",
        owner_id=owner,
        owner_ids=(owner,),
        request_id="r",
        address="203.0.113.7",
    )
    driver, pool = Driver(), cast("asyncpg.Pool", None)
    database = Database(pool, "wallet", SystemClock())
    async with UnitOfWork(database, cast("asyncpg.Connection", driver)) as uow:
        await by_message(RecordAct)(uow, act)
        assert driver.given == []  # it goes with the commit
    (columns,) = driver.given
    ((exchange, routing_key, body, _, _, subject),) = zip(*columns, strict=True)
    assert (exchange, routing_key, subject) == (COMMANDS, "audit", str(act.id))
    sent = convert(orjson.loads(body)["data"], RecordAct)
    assert sent.command_id == act.id
    assert {name: getattr(sent, name) for name in asdict(act) if name != "id"} == {
        name: value for name, value in asdict(act).items() if name != "id"
    }
