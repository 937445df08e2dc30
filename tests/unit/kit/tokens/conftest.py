"""A verifier with everything that surrounds it, fresh for each test."""

import pytest

from testkit.verification import Desk, Time


@pytest.fixture
async def desk() -> Desk:
    return await Desk.open(time=Time())
