"""The storage of files: addresses that end, and what happens where it stops in the middle."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from tests.integration.finance.files import Desk, fetched, opened_desk
from tests.integration.finance.room import code
from tests.integration.finance.storages import interrupted

from kit.refusals import Unavailable
from testkit.databases import Cluster

QUICK = timedelta(seconds=1)
LINES = "date,amount,description\n" + "2026-01-31,1.00,bread\n" * 10_000


async def test_an_address_ends_and_another_is_signed_as_long_as_the_file_lives(desk: Desk) -> None:
    made = await desk.export()
    path = f"/exports/{made['id']}"
    desk.room.clock.advance(24 * 3600 - 2)  # of its day two seconds are left
    last = (await desk.room.get(path))["url"]
    assert "X-Amz-Expires=2&" in last
    assert (await fetched(last)).status_code == 200
    async with asyncio.timeout(10):
        while (answer := await fetched(last)).status_code == 200:
            await asyncio.sleep(0.2)  # the storage has a clock of its own
    assert answer.status_code == 403
    assert (await fetched((await desk.room.get(path))["url"])).status_code == 200
    desk.room.clock.advance(1)
    assert (await desk.room.get(path))["url"] is None


@pytest.mark.parametrize("until", [{"asks": 1_500}, {"answers": 300}], ids=str)
async def test_an_export_whose_storage_stops_is_put_off_and_made_later(
    desk: Desk, until: dict[str, int]
) -> None:
    account_id = await desk.room.account()
    await desk.room.book(account_id)
    ordered = await desk.order()
    async with interrupted(**until) as endpoint, asyncio.timeout(30):
        runner = desk.elsewhere(s3_endpoint=endpoint, s3_timeout=QUICK)
        assert await desk.work(runner) == 1
    path = f"/exports/{ordered['id']}"
    assert (await desk.room.get(path))["status"] == "queued"
    desk.room.clock.advance(2)
    assert await desk.work() == 1
    made = await desk.room.get(path)
    assert (made["status"], (await fetched(made["url"])).status_code) == ("done", 200)


async def test_an_import_whose_storage_stops_is_put_off_and_read_later(desk: Desk) -> None:
    handed_in = await desk.hand_in(await desk.room.account(), LINES)
    async with interrupted(answers=100_000) as endpoint, asyncio.timeout(30):
        runner = desk.elsewhere(s3_endpoint=endpoint, s3_timeout=QUICK)
        assert await desk.work(runner) == 1
    path = f"/imports/{handed_in.json()['id']}"
    assert (await desk.room.get(path))["status"] == "checking"
    desk.room.clock.advance(2)
    assert await desk.work() == 1
    assert (await desk.room.get(path))["counts"]["new"] == 10_000


async def test_a_file_that_the_storage_takes_in_part_is_not_handed_in(cluster: Cluster) -> None:
    async with interrupted(asks=100_000) as endpoint:
        chosen = {"s3_endpoint": endpoint, "s3_timeout": "1s"}
        async with opened_desk(cluster, **chosen) as desk, asyncio.timeout(30):
            answer = await desk.hand_in(await desk.room.account(), LINES)
            assert (answer.status_code, code(answer)) == (503, "unavailable")
            assert await desk.room.rows("SELECT * FROM file_job") == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"s3_bucket": "nobodys"}, "NoSuchBucket"),
        ({"s3_access_key": "nobody"}, "InvalidAccessKeyId"),
        ({"s3_secret_key": SecretStr("wrong")}, "SignatureDoesNotMatch"),
        ({"s3_endpoint": "http://127.0.0.1:1"}, None),
    ],
    ids=str,
)
async def test_a_storage_that_is_set_up_wrongly_is_an_outage_that_operators_are_told_of(
    desk: Desk, wrong: dict[str, Any], said: str | None
) -> None:
    exported = (await desk.order())["id"]
    handed_in = (await desk.hand_in(await desk.room.account(), LINES)).json()["id"]
    runner = desk.elsewhere(s3_timeout=QUICK, **wrong)
    with structlog.testing.capture_logs() as logs:
        await desk.work(runner)
        with pytest.raises(Unavailable):
            await runner.storage.delete("imports/1")
    for path in (f"/exports/{exported}", f"/imports/{handed_in}"):
        assert (await desk.room.get(path))["status"] in {"queued", "checking"}
    failed = [one for one in logs if one["event"] == "storage_failed"]
    assert {(one["task"], one["code"]) for one in failed} == {
        (task, said) for task in ("put", "read", "delete")
    }
    ended = [one for one in logs if one["event"] == "file_job_ended"]
    assert {(one["log_level"], one["code"]) for one in ended} == {
        ("warning", "storage_unavailable")
    }
    assert "Signature=" not in str(logs)
