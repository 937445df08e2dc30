"""Webhooks of the card provider through the gateway, at a fixed rate: each ends a payment."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle

import orjson
from tests.benchmarks.load import Connection, Measured, in_parallel

from kit import signatures
from kit.ids import new_id
from payments.settings import Settings
from testkit.people import Person

PATH = "/v1/payments/webhooks/sandbox"
CARD = {"method": "card", "return_url": "https://shop.example/"}
CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Waiting:
    """A payment that waits for its card, and what the provider calls it."""

    payment_id: str
    card: str


async def charges(url: str, people: Sequence[Person], count: int) -> list[Waiting]:
    """Create payments by card, of many people; returns them once each waits for its card."""
    made: list[Waiting] = []
    payee, *payers = people
    turns = cycle(payers)
    wanted = {"payee": {"user_id": payee.user_id}, "amount": "1.00", "currency": "RUB"}

    async def one() -> None:
        payer = next(turns)
        connection = await Connection.open(url)
        _, body = await connection.request("POST", "/v1/payments", payer.token, wanted)
        payment_id = orjson.loads(body)["id"]
        path = f"/v1/payments/{payment_id}/pay"
        status, body = await connection.request("POST", path, payer.token, CARD)
        connection.close()
        action = orjson.loads(body).get("next_action")
        if status != 202 or not action:
            raise RuntimeError(f"{status}: {body[:100]!r}")
        made.append(Waiting(payment_id, action["url"].rpartition("/")[2]))

    await in_parallel([one] * count, 8)
    return made


async def run(url: str, waiting: Sequence[Waiting], per_second: float) -> Measured:
    """Send a success for each charge, however long the answers take; times count from the plan."""
    measured = Measured()
    secret = Settings(_env_file=None).sandbox_webhook_secret.get_secret_value()
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await Connection.open(url))
    began = time.perf_counter()

    async def tell(number: int, one: Waiting) -> None:
        due = began + number / per_second
        await asyncio.sleep(due - time.perf_counter())
        paid = {"id": one.card, "status": "succeeded", "charge_id": one.payment_id}
        event = {"id": f"evt_{new_id().hex}", "type": "payment.succeeded", "payment": paid}
        body = orjson.dumps(event)
        header = f"Sandbox-Signature: {signatures.sign(secret, body, datetime.now(UTC))}\r\n"
        connection = await idle.get()
        status, answer = await connection.send("POST", PATH, body, header)
        idle.put_nowait(connection)
        if status == 200:
            measured.took.append(time.perf_counter() - due)
        else:
            measured.errors.append(f"{status}: {answer[:100]!r}")

    await asyncio.gather(*(tell(*numbered) for numbered in enumerate(waiting)))
    measured.seconds = time.perf_counter() - began
    while not idle.empty():
        idle.get_nowait().close()
    return measured
