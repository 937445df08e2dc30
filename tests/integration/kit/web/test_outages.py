"""kit.web on a real PostgreSQL that goes away: 503, and nothing of the inside is shown."""

import pytest

from kit.db.unit_of_work import UnitOfWork

from .conftest import Till

HALF = {"worth": "0.50"}


@pytest.mark.check(64)
async def test_a_connection_that_breaks_in_the_middle_is_a_503_and_the_next_request_works(
    till: Till,
) -> None:
    async def break_off(uow: UnitOfWork) -> None:
        await uow.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    till.hooks["before"] = break_off
    broken = await till.drop(HALF, key="one")
    del till.hooks["before"]
    works = await till.drop(HALF, key="one")

    assert (broken.status_code, broken.json()["code"]) == (503, "unavailable")
    assert broken.headers["retry-after"] == "1"
    assert works.status_code == 201


@pytest.mark.check(64)
async def test_a_closed_database_is_a_503(till: Till) -> None:
    await till.database.close()
    answer = await till.drop(HALF)

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_a_deadlock_is_a_503_to_try_again(till: Till) -> None:
    async def deadlock(uow: UnitOfWork) -> None:
        await uow.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$")

    till.hooks["before"] = deadlock
    answer = await till.drop(HALF)

    assert answer.status_code == 503
