"""`make seed` on the real stack, twice."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from deploy.calls import ApiCaller
from deploy.seed import PASSWORD
from deploy.seed_book import ACCOUNTS, BOOKINGS, BUDGETS, RULES
from deploy.stack import Stack

ROOT = Path(__file__).parents[2]
TODAY = datetime.now(UTC).date()


def seeded(stack: Stack) -> dict[str, list[Any]]:
    """What alice has in her book after another seed."""
    words = [sys.executable, "-m", "deploy.seed"]
    environment = os.environ | {"SALDO_STACK": str(stack.local)}
    done = subprocess.run(  # noqa: S603 (our own)
        words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with httpx.Client(base_url=stack.gateway_url, timeout=30) as http:
        alice = ApiCaller.log_in(http, "alice", PASSWORD)
        nouns = ("accounts", "categories", "recurring", "rules", "budgets")
        book = {noun: alice.get(f"/v1/finance/{noun}")["items"] for noun in nouns}
        query = {"limit": 100, "to": f"{TODAY - timedelta(days=1)}"}
        listed = alice.get("/v1/finance/transactions", **query)["items"]
    own = [one for one in listed if not one["is_linked"]]
    return book | {"transactions": own}


def used(stack: Stack) -> None:
    """Let alice book more than one page of the list, after all that a seed has booked."""
    with httpx.Client(base_url=stack.gateway_url, timeout=30) as http:
        alice = ApiCaller.log_in(http, "alice", PASSWORD)
        accounts = alice.get("/v1/finance/accounts")["items"]
        cash = next(one for one in accounts if one["name"] in ACCOUNTS)
        coffee = {"account_id": cash["id"], "type": "expense", "amount": "1.00", "date": f"{TODAY}"}
        for _ in range(101):
            alice.post("/v1/finance/transactions", coffee)


@pytest.fixture(scope="module")
def both(stack: Stack) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    once = seeded(stack)
    used(stack)
    return once, seeded(stack)


def test_alice_has_a_book_after_it(both: tuple[dict[str, list[Any]], ...]) -> None:
    book, _ = both
    assert ACCOUNTS.keys() <= {one["name"] for one in book["accounts"]}
    assert len(book["transactions"]) == len(BOOKINGS) + 2  # a transfer is two
    assert (len(book["rules"]), len(book["budgets"])) == (len(RULES), len(BUDGETS))
    assert len(book["recurring"]) == 1


def test_seeding_again_makes_nothing_twice(both: tuple[dict[str, list[Any]], ...]) -> None:
    once, twice = both
    for noun in ("categories", "recurring", "rules", "transactions"):
        assert [one["id"] for one in once[noun]] == [one["id"] for one in twice[noun]]
