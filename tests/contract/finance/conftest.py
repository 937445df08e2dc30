"""Finance beside the wallet whose movements it books."""

from collections.abc import AsyncIterator

import pytest
from tests.contract.finance.ledger import Ledger, opened

from testkit.databases import Cluster


@pytest.fixture
async def ledger(cluster: Cluster) -> AsyncIterator[Ledger]:
    async with opened(cluster) as ledger:
        yield ledger
