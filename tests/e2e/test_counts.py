"""What PostgreSQL and RabbitMQ are asked to do for a settled payment is bounded."""

from collections.abc import Iterator

import pytest
from deploy.stack import Stack
from deploy.stack.services import ROOMY_LIMITS
from tests.benchmarks import cost, payments
from tests.benchmarks.report import Table
from tests.e2e.conftest import ROOT

CLIENTS = 32
SECONDS = 5.0


@pytest.fixture
def alone() -> Iterator[Stack]:
    """A stack of its own: all that its servers do is counted."""
    made = Stack(root=ROOT, local=ROOT / ".local/test/counts", settings=ROOMY_LIMITS)
    try:
        made.reset()
        made.start()
        yield made
    finally:
        made.reset()


async def test_a_payment_asks_for_half_of_what_it_once_did_or_less(alone: Stack) -> None:
    everybody = await payments.people(alone.gateway_url, CLIENTS + 1)
    table = Table()
    await cost.in_counts(alone, everybody, SECONDS, table, rounds=1)
    found = dict(zip(cost.TARGETS, (row["values"][0] for row in table.rows), strict=True))
    assert {what: found[what] for what, most in cost.TARGETS.items() if found[what] > most} == {}
