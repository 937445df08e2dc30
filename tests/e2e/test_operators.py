"""What operators type against a running stack: `make messages`, `make sagas`, `make reconcile`."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from deploy.stack import Stack

from kit.ids import new_id
from testkit.people import Person, eventually

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


@dataclass(frozen=True)
class Typed:
    """What one command printed, what it told, and how it ended."""

    printed: str
    told: str
    code: int

    @property
    def found(self) -> Any:
        assert self.code == 0, self.told
        return json.loads(self.printed)


@dataclass(frozen=True)
class Console:
    """Somebody at the command line of the clone; `make` itself finds ports and secrets."""

    local: Path

    async def __call__(self, target: str, service: str = "", words: str = "") -> Typed:
        inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name}
        answer = await asyncio.to_thread(
            subprocess.run,
            ["make", target, f"S={service}", f"A={words}"],
            cwd=ROOT,
            env=inherited | {"SALDO_STACK": str(self.local)},
            capture_output=True,
            text=True,
            check=False,
        )
        return Typed(answer.stdout, answer.stderr, answer.returncode)


@pytest.fixture
def console(stack: Stack) -> Console:
    return Console(stack.local)


async def deliver(stack: Stack, queue: str, body: str) -> None:
    """Put a message into a queue, as a broken or newer sender would."""
    async with httpx.AsyncClient() as http:
        message = {
            "properties": {"content_type": "application/cloudevents+json"},
            "routing_key": queue,
            "payload": body,
            "payload_encoding": "string",
        }
        url = f"{stack.rabbitmq_api_url}/api/exchanges/%2F/amq.default/publish"
        answer = await http.post(url, json=message)
        assert answer.json() == {"routed": True}


@asynccontextmanager
async def wallet_without(stack: Stack, table: str) -> AsyncIterator[None]:
    """Take from wallet the right to write into a table, as a bad migration might."""
    url = stack.postgres_url.rpartition("/")[0] + "/saldo"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"REVOKE INSERT ON wallet.{table} FROM wallet")
        yield
    finally:
        await connection.execute(f"GRANT INSERT ON wallet.{table} TO wallet")
        await connection.close()


async def letters(console: Console, words: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait until so many of wallet's letters are found, and return them."""

    async def look() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await console("messages", "wallet", words)).found
        return found

    return await eventually(look, lambda found: len(found) >= count, within=PATIENCE)


async def test_a_payment_whose_message_failed_is_found_and_paid_after_a_replay(
    stack: Stack, console: Console, alice: Person, bob: Person
) -> None:
    await alice.top_up("10.00")
    payment_id = (await alice.create(bob, "4.00"))["id"]
    async with wallet_without(stack, "transfer"):
        assert (await alice.pay(payment_id)).status_code == 202
        (parked,) = await letters(console, "list --state parked --type transfer")
        assert (parked["key"], parked["reason"]) == (payment_id, "handler_failed")
        assert "permission denied" in parked["error"]
        (counted,) = await letters(console, "count --type transfer --error PERMISSION")
        assert (counted["count"], counted["state"]) == (1, "parked")
        for narrow in ("--older 1h", "--state dead", "--type capture", "--error nonsense"):
            assert (await console("messages", "wallet", f"list {narrow}")).found == []
        # Set aside, it waits for nobody's retry, so that what follows is the replay's doing.
        set_aside = await console("messages", "wallet", f"discard {parked['id']}")
        assert (set_aside.found, "set aside" in set_aside.told) == ({"changed": 1}, True)
        again = await console("messages", "wallet", f"discard {parked['id']}")
        assert (again.found, "was discarded before" in again.told) == ({"changed": 0}, True)
        (aside,) = await letters(console, "list --state discarded --type transfer")
        assert (aside["id"], aside["state"]) == (parked["id"], "discarded")
        live = (await console("sagas", "payments", "list --all")).found
        steps = {saga["id"]: saga["step"] for saga in live}  # others may have left theirs
        assert steps[payment_id] == "settle"
    replayed = await console("messages", "wallet", f"replay {parked['id']}")
    assert replayed.found == {"changed": 1}
    assert "was discarded after" in replayed.told
    assert "is parked and due now" in replayed.told
    assert (await alice.settled(payment_id, within=PATIENCE))["status"] == "paid"
    gone = await console("messages", "wallet", f"show {parked['id']}")
    assert (gone.code, "there is no letter" in gone.told) == (2, True)


async def test_what_can_not_be_decoded_is_not_tried_again_by_a_replay(
    stack: Stack, console: Console
) -> None:
    mark = new_id().hex
    await deliver(stack, "wallet.commands", f"no JSON {mark}")
    dead = await letters(console, "list --state dead --error undecodable")
    shown = [(await console("messages", "wallet", f"show {one['id']}")).found[0] for one in dead]
    (ours,) = (one for one in shown if mark in one["body"])
    replayed = await console("messages", "wallet", f"replay {ours['id']}")
    assert replayed.found == {"changed": 0}
    assert "left dead, as no retry helps what can't be decoded" in replayed.told
    (after,) = (await console("messages", "wallet", f"show {ours['id']}")).found
    assert (after["state"], after["attempts"], after["actions"]) == ("dead", 0, [])
    anyway = await console("messages", "wallet", f"replay {ours['id']} --anyway")
    assert (anyway.found, "due now" in anyway.told) == ({"changed": 1}, True)

    async def tried() -> dict[str, Any]:
        (found,) = (await console("messages", "wallet", f"show {ours['id']}")).found
        return dict(found)

    once = await eventually(tried, lambda one: bool(one["attempts"]), within=PATIENCE)
    assert (once["state"], once["attempts"], once["reason"]) == ("dead", 1, "undecodable")
    await console("messages", "wallet", f"discard {ours['id']}")
    listed = (await console("messages", "wallet", "list --error undecodable")).found
    assert ours["id"] not in [one["id"] for one in listed]


async def test_a_saga_without_an_answer_is_shown_asked_again_and_undone(
    stack: Stack, console: Console, alice: Person, bob: Person
) -> None:
    await alice.top_up("10.00")
    async with wallet_without(stack, "hold"):
        payment_id = (await alice.create(bob, "4.00", reserve=True))["id"]
        await letters(console, "list --type place_hold")
        retried = (await console("sagas", "payments", f"retry {payment_id}")).found
        assert (retried["step"], retried["phase"]) == ("reserve", "running")
        assert retried["log"][-1]["entry"] == "operator_retry"
        undone = (await console("sagas", "payments", f"undo {payment_id}")).found
        assert (undone["phase"], undone["log"][-2]["entry"]) == ("undoing", "operator_undo")
    ended = await alice.settled(payment_id, within=PATIENCE)
    assert ended["status"] == "failed"
    assert await alice.held() == 0
    story = (await console("sagas", "payments", f"show {payment_id}")).found
    assert story["log"][-1]["entry"] == "all_undone"
    late = await console("sagas", "payments", f"undo {payment_id}")
    assert (late.code, "undo does nothing" in late.told) == (2, True)


async def test_books_agree_with_wallets_and_what_differs_is_named(
    stack: Stack, console: Console, alice: Person
) -> None:
    await alice.top_up("10.00")

    async def linked() -> list[dict[str, Any]]:
        accounts = (await alice.get("/accounts")).json()["items"]
        return [one for one in accounts if one["balance"]["amount"] == "10.00"]

    [account] = await eventually(linked, bool)
    agreed = await console("reconcile")
    assert (agreed.code, agreed.printed.endswith(": all agree.\n")) == (0, True), agreed
    connection = await asyncpg.connect(stack.postgres_url.rpartition("/")[0] + "/saldo")
    spoilt = "UPDATE finance.account SET balance_minor = balance_minor + $2 WHERE id = $1"
    try:
        await connection.execute(spoilt, account["id"], 7)
        differs = await console("reconcile", words="--json")
        assert differs.code != 0
        [found] = json.loads(differs.printed)["differences"]
        assert (found["what"], found["account_id"]) == ("balance", account["id"])
        assert (found["expected"], found["found"]) == (1000, 1007)
    finally:
        await connection.execute(spoilt, account["id"], -7)
        await connection.close()


@pytest.mark.parametrize(
    ("target", "service", "words", "told"),
    [
        ("messages", "wallet", "replay", "needs the message's id"),
        ("messages", "wallet", "list --older soon", "write an age such as 90s"),
        ("messages", "gateway", "list", "invalid choice"),
        ("sagas", "payments", f"retry {new_id()}", "there is no saga"),
    ],
)
async def test_what_can_not_be_done_is_said_in_words(
    console: Console, target: str, service: str, words: str, told: str
) -> None:
    answer = await console(target, service, words)
    assert answer.code != 0
    assert told in answer.told
    assert "Traceback" not in answer.told
