"""A handler whose effects can be counted, and which fails on demand."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.linger import NEVER, Linger
from kit.messaging.consumer import Consumer
from kit.messaging.messages import Envelope
from kit.messaging.outbox import emit
from kit.messaging.retries import Retries
from kit.messaging.routes import by_type
from testkit.broker import MemoryBroker
from testkit.databases import Cluster
from testkit.toys import ToyTold, Work

QUEUE = "kit.commands"

_TABLE = """
CREATE TABLE IF NOT EXISTS kit.effect (position bigserial, text text NOT NULL);
GRANT ALL ON kit.effect, kit.effect_position_seq TO kit
"""


class Effects:
    """Writes down each command's text and tells it; ``troubles`` by text come first."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.batches: list[int] = []
        self.troubles: dict[str, Callable[[UnitOfWork], Awaitable[None]]] = {}

    @classmethod
    async def make(cls, cluster: Cluster, database: Database) -> "Effects":
        await cluster.as_superuser(_TABLE)
        return cls(database)

    async def handle(self, uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        self.batches.append(len(envelopes))
        texts = [one.message.text for one in envelopes if isinstance(one.message, Work | ToyTold)]
        for text in texts:
            if text in self.troubles:
                await self.troubles[text](uow)
        await uow.execute("INSERT INTO effect (text) SELECT * FROM unnest($1::text[])", texts)
        for text in texts:
            emit(uow, ToyTold(text=text), subject="1")

    def fail_on(self, text: str, error: BaseException | None = None) -> None:
        """Have the handler raise whenever it meets a text."""

        async def fail(_: UnitOfWork) -> None:
            raise error or ZeroDivisionError(text)

        self.troubles[text] = fail

    def repair(self) -> None:
        """Fix the handler."""
        self.troubles.clear()

    async def texts(self) -> list[str]:
        """Return what had its effect, in order."""
        async with self.database.read() as connection:
            rows = await connection.fetch("SELECT text FROM effect ORDER BY position")
        return [row["text"] for row in rows]

    def consumer(
        self,
        broker: MemoryBroker | None = None,
        queue: str = QUEUE,
        linger: Linger = NEVER,
        *,
        is_repeatable: bool = False,
    ) -> Consumer:
        """Return a consumer of commands with this handler."""
        return Consumer(
            self.database,
            broker or MemoryBroker(),
            queue,
            by_type({Work: self.handle}),
            unknown_is_fine=False,
            linger=linger,
            is_repeatable=is_repeatable,
        )

    def retries(self) -> Retries:
        """Return what tries its parked letters again."""
        return Retries(self.database, self.consumer().reader)

    async def letters(self) -> list[Mapping[str, object]]:
        """Return the letters, oldest first."""
        async with self.database.read() as connection:
            return [
                dict(row) for row in await connection.fetch("SELECT * FROM letter ORDER BY seq")
            ]

    async def states(self) -> list[tuple[object, object]]:
        """Return reason and state of the letters, oldest first."""
        return [(one["reason"], one["state"]) for one in await self.letters()]
