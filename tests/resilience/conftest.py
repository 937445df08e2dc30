"""A stack of its own, as its parts are killed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from deploy.stack import Stack
from deploy.stack.services import ROOMY_LIMITS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    made = Stack(root=ROOT, local=ROOT / ".local/test/resilience", settings=ROOMY_LIMITS)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.gateway_url, timeout=30) as client:
        yield client
