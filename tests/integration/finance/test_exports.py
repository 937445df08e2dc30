"""Files of one's transactions: made by processes, kept in real S3, fetched by whoever may."""

import asyncio
import csv
import hashlib
import io
import json
import os
import re
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.integration.finance.files import Desk, fetched, opened_desk
from tests.integration.finance.room import changed, code
from tests.integration.finance.storages import stalled

from contracts.finance import ExportFailed, ExportReady
from finance.clients.storage import FileGoneError
from finance.domain.files.file_jobs import LEASE, MOST_ATTEMPTS, object_keys
from finance.service.files import file_jobs as service
from kit.ids import new_id
from kit.tasks import spawn
from testkit.databases import Cluster
from testkit.pump import sent


async def booked(desk: Desk) -> str:
    """Book some of each kind; return the account that most of it is on."""
    room = desk.room
    cash = await room.account(opening_balance="100.00")
    bank = await room.account("Bank", kind="bank")
    food, bread = await room.category("Food"), await room.category("Bread")
    await room.book(cash, "12.50", category_id=food, date="2026-01-10", description="=1+1")
    parts = [{"category_id": food, "amount": "1.00"}, {"category_id": bread, "amount": "2.00"}]
    await room.book(cash, "3.00", splits=parts, date="2026-01-20T22:30:00Z", tags=["a", "b"])
    await room.book(bank, "50.00", type="income", date="2026-02-01")
    await room.make(
        "/transfers", from_account_id=cash, to_account_id=bank, amount="10.00", date="2026-01-31"
    )
    return cash


async def test_an_export_is_made_and_fetched_by_its_address_alone(desk: Desk) -> None:
    await booked(desk)
    ordered = await desk.order(bom=True)
    assert await desk.follow() == 1
    made = await desk.room.get(f"/exports/{ordered['id']}")
    assert (made["status"], made["progress"]) == ("done", {"rows": 5, "total": 5})
    answer = await fetched(made["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "saldo-transactions-" in answer.headers["content-disposition"]
    assert (len(answer.content), hashlib.sha256(answer.content).hexdigest()) == (
        made["size"],
        made["sha256"],
    )
    assert answer.content.startswith(b"\xef\xbb\xbfdate,account,")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["amount"] for row in rows] == ["-12.50", "-3.00", "-10.00", "10.00", "50.00"]
    assert [row["category"] for row in rows[:2]] == ["Food", "Food; Bread"]
    assert rows[0]["description"] == "'=1+1"


@pytest.mark.parametrize(
    ("format_name", "begins"),
    [
        ("xlsx", b"PK\x03\x04"),
        ("json", b'[\n{"date":"2026-01-10"'),
        ("ofx", b"<?xml"),
        ("qif", b"!Account\n"),
        ("hledger", b"commodity "),
        ("beancount", b'option "title"'),
    ],
)
async def test_every_format_is_made(desk: Desk, format_name: str, begins: bytes) -> None:
    await booked(desk)
    made = await desk.export(format_name)
    assert (made["status"], made["failure"]) == ("done", None)
    assert (await fetched(made["url"])).content.startswith(begins)


async def test_an_empty_book_is_exported_too(desk: Desk) -> None:
    made = await desk.export("json")
    assert json.loads((await fetched(made["url"])).content) == []


async def test_a_file_holds_what_was_asked_for_with_its_balances(desk: Desk) -> None:
    cash = await booked(desk)
    made = await desk.export("ofx", **{"from": "2026-01-20", "to": "2026-01-31"}, account_id=cash)
    text = (await fetched(made["url"])).text
    assert text.count("<STMTTRN>") == made["progress"]["rows"] == 2
    assert "<BALAMT>74.50</BALAMT><DTASOF>20260131</DTASOF>" in text
    made = await desk.export("hledger", **{"from": "2026-01-20"}, account_id=cash)
    text = (await fetched(made["url"])).text
    assert "2026-01-20 Opening balance\n    Assets:Cash  87.50 RUB\n" in text


async def test_every_account_is_in_a_statement_once_with_its_balance(desk: Desk) -> None:
    await booked(desk)
    await desk.room.account("Empty", opening_balance="-7.00")
    made = await desk.export("ofx")
    text = (await fetched(made["url"])).text
    assert sorted(re.findall("<BALAMT>([^<]+)<", text)) == ["-7.00", "60.00", "74.50"]
    made = await desk.export("hledger")
    text = (await fetched(made["url"])).text
    assert "    Assets:Empty  -7.00 RUB\n    Equity:Opening-Balances\n" in text


async def test_days_are_meant_in_the_zone_that_is_asked_for(desk: Desk) -> None:
    await booked(desk)
    asked = {"from": "2026-01-21", "to": "2026-01-21"}
    assert (await desk.export("json", **asked))["progress"]["rows"] == 0
    made = await desk.export("json", **asked, tz="Europe/Moscow")
    [row] = json.loads((await fetched(made["url"])).content)
    assert (row["date"], row["at"]) == ("2026-01-21", "2026-01-20T22:30:00Z")


async def test_a_category_and_a_type_narrow_what_is_exported(desk: Desk) -> None:
    await booked(desk)
    bread = next(
        one["id"] for one in (await desk.room.get("/categories"))["items"] if one["name"] == "Bread"
    )
    assert (await desk.export(category_id=bread))["progress"]["rows"] == 1
    assert (await desk.export(type="transfer"))["progress"]["rows"] == 2


async def test_who_ordered_it_is_told_once_it_is_ready(desk: Desk) -> None:
    ordered = await desk.order(email=True)
    await desk.room.pump.run()
    job = await desk.runner.take()
    assert job is not None
    await desk.do(desk.runner, job)
    [told] = await sent(desk.room.database, ExportReady)
    assert isinstance(told.message, ExportReady)
    assert str(told.message.export_id) == ordered["id"]
    assert (told.message.user_id, told.message.is_mailed) == (desk.room.user, True)


async def test_nobody_sees_anothers_export(desk: Desk) -> None:
    ordered = await desk.order()
    path = f"/exports/{ordered['id']}"
    for method, place in (("GET", path), ("DELETE", path), ("GET", f"{path}/events")):
        answer = await desk.room.ask(method, place, by=new_id())
        assert (answer.status_code, code(answer)) == (404, "export_not_found")
    answer = await desk.room.ask("GET", "/exports", by=new_id())
    assert answer.json()["items"] == []


async def test_the_list_is_newest_first_and_narrowed(desk: Desk) -> None:
    first = await desk.order()
    desk.room.clock.advance(2 * 86_400)
    second = await desk.order(format="json")
    page = await desk.room.get("/exports", limit=1)
    assert [one["id"] for one in page["items"]] == [second["id"]]
    page = await desk.room.get("/exports", limit=1, cursor=page["next_cursor"])
    assert [one["id"] for one in page["items"]] == [first["id"]]
    until = desk.room.clock.now().date() - timedelta(days=1)
    page = await desk.room.get("/exports", to=until.isoformat())
    assert [one["id"] for one in page["items"]] == [first["id"]]
    assert (await desk.room.get("/exports", status="done"))["items"] == []


async def test_one_user_has_so_many_files_worked_on_and_no_more(desk: Desk) -> None:
    for _ in range(3):
        await desk.order()
    answer = await desk.room.ask("POST", "/exports", json={"format": "csv"})
    assert (answer.status_code, code(answer)) == (429, "too_many_file_jobs")
    assert int(answer.headers["retry-after"]) > 0
    other = await desk.room.ask("POST", "/exports", json={"format": "csv"}, by=new_id())
    assert other.status_code == 202


async def test_orders_that_come_at_once_are_bounded_alike(desk: Desk) -> None:
    answers = await asyncio.gather(
        *(desk.room.ask("POST", "/exports", json={"format": "csv"}) for _ in range(8))
    )
    assert sorted(one.status_code for one in answers) == [202] * 3 + [429] * 5


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"format": "pdf"}, "not_allowed"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "period_invalid"),
        ({"tz": "Mars/Olympus"}, "zone_unknown"),
        ({"tz": "EET"}, "zone_unknown"),
        ({"account_id": str(UUID(int=1))}, "account_unknown"),
        ({"category_id": str(UUID(int=1))}, "category_unknown"),
        ({"report": "summary", "format": "ofx"}, "format_unfit"),
        ({"report": "summary", "type": "income"}, "option_unfit"),
        ({"report": "cash-flow", "by": "day"}, "option_unfit"),
        ({"compare": True}, "option_unfit"),
        ({"from": "1066-10-14"}, "date_out_of_range"),
        ({"from": "2026-01-01T00:00:00Z"}, "malformed"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    desk: Desk, asked: dict[str, Any], refused: str
) -> None:
    answer = await desk.room.ask("POST", "/exports", json={"format": "csv", **asked})
    assert (answer.status_code, code(answer)) == (422, refused)


async def test_a_file_is_gone_once_its_time_is_over(desk: Desk) -> None:
    made = await desk.export()
    desk.room.clock.advance(25 * 3600)
    path = f"/exports/{made['id']}"
    assert (await desk.room.get(path))["url"] is None
    assert await desk.sweep() == 1
    assert (await fetched(made["url"])).status_code == 404
    assert (await desk.room.get(path))["status"] == "expired"
    assert await desk.sweep() == 0


async def test_a_deleted_export_is_gone_with_its_file(desk: Desk) -> None:
    made = await desk.export()
    answer = await desk.room.ask("DELETE", f"/exports/{made['id']}")
    assert answer.status_code == 204
    assert (await desk.room.ask("GET", f"/exports/{made['id']}")).status_code == 404
    await desk.sweep()
    assert (await fetched(made["url"])).status_code == 404
    assert await desk.room.rows("SELECT * FROM file_job") == []


async def test_an_export_is_followed_to_its_end(desk: Desk) -> None:
    ordered = await desk.order()
    stream = asyncio.ensure_future(  # noqa: TID251 - awaited right here
        desk.room.ask("GET", f"/exports/{ordered['id']}/events")
    )
    await desk.work()
    answer = await stream
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = [json.loads(line[6:]) for line in answer.text.splitlines() if line[:6] == "data: "]
    assert (told[0]["status"], told[-1]["status"]) == ("queued", "done")
    positions = [int(line[4:]) for line in answer.text.splitlines() if line[:4] == "id: "]
    assert positions == sorted({*positions})
    again = await desk.room.ask(
        "GET", f"/exports/{ordered['id']}/events", headers={"Last-Event-ID": str(positions[-1])}
    )
    assert "data:" not in again.text
    late = await desk.room.ask("GET", f"/exports/{ordered['id']}/events")
    assert late.text.count("data:") == 1


@pytest.mark.check(67)
async def test_a_stream_ends_with_its_token(desk: Desk) -> None:
    ordered = await desk.order()
    async with asyncio.TaskGroup() as tasks:
        stream = tasks.create_task(desk.room.ask("GET", f"/exports/{ordered['id']}/events"))
        await asyncio.wait([stream], timeout=0.5)
        assert not stream.done()  # nobody works on it, so it goes on
        desk.room.desk.time.advance(700)
    assert stream.result().text.count("data:") == 1


async def test_streams_of_one_user_are_bounded(desk: Desk) -> None:
    ordered = await desk.order()
    desk.room.service.state.wiring.export_streams._of_user[desk.room.user] = 5
    answer = await desk.room.ask("GET", f"/exports/{ordered['id']}/events")
    assert (answer.status_code, code(answer)) == (429, "too_many_streams")


# What happens to workers.


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, of this process and of its children, for one test alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def children() -> list[int]:
    """Return the processes that work on files for this one."""
    found = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in found if b"file-job" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def test_a_process_that_is_killed_is_followed_by_another(desk: Desk, scratch: Path) -> None:
    await booked(desk)
    ordered = await desk.order()
    async with stalled() as (endpoint, asked):
        runner = desk.elsewhere(s3_endpoint=endpoint)
        working = asyncio.ensure_future(desk.follow(runner))  # noqa: TID251 - awaited right here
        async with asyncio.timeout(30):
            await asked.wait()
        [pid] = children()
        assert len(list(scratch.iterdir())) == 1
        os.kill(pid, signal.SIGKILL)
        assert await working == 1
    assert list(scratch.iterdir()) == []
    path = f"/exports/{ordered['id']}"
    assert (await desk.room.get(path))["status"] == "queued"
    assert await desk.work() == 0  # not at once
    desk.room.clock.advance(2)
    assert await desk.work() == 1
    made = await desk.room.get(path)
    assert (made["status"], (await fetched(made["url"])).status_code) == ("done", 200)


async def test_a_process_whose_worker_is_gone_ends_and_leaves_nothing(
    desk: Desk, scratch: Path
) -> None:
    await desk.order()
    await desk.room.pump.run()
    async with stalled() as (endpoint, asked):
        runner = desk.elsewhere(s3_endpoint=endpoint)
        job = await runner.take()
        assert job is not None
        process = await runner._process(job)
        assert process.stdin is not None
        async with asyncio.timeout(30):
            await asked.wait()
            assert len(list(scratch.iterdir())) == 1
            process.stdin.close()  # as where the worker was killed
            assert await process.wait() != 0
    assert list(scratch.iterdir()) == []


async def test_a_process_that_hangs_is_ended(desk: Desk) -> None:
    ordered = await desk.order()
    async with stalled() as (endpoint, _):
        runner = desk.elsewhere(s3_endpoint=endpoint, job_timeout=timedelta(seconds=3))
        await desk.follow(runner)
        assert children() == []
    assert (await desk.room.get(f"/exports/{ordered['id']}"))["status"] == "queued"


async def test_a_storage_that_stays_away_fails_the_export_in_the_end(desk: Desk) -> None:
    ordered = await desk.order()
    await desk.room.pump.run()
    runner = desk.elsewhere(s3_endpoint="http://127.0.0.1:1")
    for _ in range(MOST_ATTEMPTS):
        desk.room.clock.advance(300)
        job = await runner.take()
        assert job is not None
        await desk.do(runner, job)
    shown = await desk.room.get(f"/exports/{ordered['id']}")
    assert (shown["status"], shown["failure"]) == ("failed", "storage_unavailable")
    [told] = await sent(desk.room.database, ExportFailed)
    assert isinstance(told.message, ExportFailed)
    assert told.message.code == "storage_unavailable"


async def test_a_job_whose_worker_died_is_taken_over_and_the_dead_one_stores_nothing(
    desk: Desk,
) -> None:
    ordered = await desk.order()
    await desk.room.pump.run()
    lost = await desk.runner.take()
    assert lost is not None
    assert await desk.runner.take() is None
    desk.room.clock.advance(LEASE.total_seconds())
    assert await desk.work() == 1
    async with desk.room.database.unit_of_work() as uow:
        assert await service.report(uow, lost, 1, 2) is None
        await service.give_up(uow, lost, "gave_up")
    assert (await desk.room.get(f"/exports/{ordered['id']}"))["status"] == "done"


async def test_what_a_worker_without_its_lease_makes_replaces_nothing(desk: Desk) -> None:
    cash = await booked(desk)
    ordered = await desk.order()
    await desk.room.pump.run()
    late = await desk.runner.take()
    assert late is not None
    desk.room.clock.advance(LEASE.total_seconds())
    assert await desk.work() == 1
    await desk.room.book(cash, "1.00")
    await desk.do(desk.runner, late)
    made = await desk.room.get(f"/exports/{ordered['id']}")
    answer = await fetched(made["url"])
    assert hashlib.sha256(answer.content).hexdigest() == made["sha256"]
    desk.room.clock.advance(25 * 3600)
    await desk.sweep()
    for key in object_keys(replace(late, attempts=2)):
        with pytest.raises(FileGoneError):
            await desk.runner.storage.read(key)


async def test_files_of_one_user_are_made_one_after_another(desk: Desk) -> None:
    for _ in range(2):
        await desk.order()
    other = new_id()
    await desk.room.ask("POST", "/exports", json={"format": "csv"}, by=other)
    await desk.room.pump.run()
    begun = [await desk.runner.take() for _ in range(3)]
    assert [None if one is None else one.user_id for one in begun] == [
        desk.room.user,
        other,
        None,
    ]
    desk.room.clock.advance(LEASE.total_seconds())  # the first one's worker is lost
    assert await desk.work() == 3


async def test_two_workers_that_look_at_once_begin_one_job_of_a_user(desk: Desk) -> None:
    for _ in range(2):
        await desk.order()
    await desk.room.pump.run()
    async with desk.room.database.unit_of_work() as uow:
        assert await service.take(uow) is not None
        other = spawn(desk.runner.take(), "test.worker")
        await asyncio.wait({other}, timeout=0.5)  # it has looked, and waits
    assert await other is None


async def test_a_job_whose_workers_all_died_has_failed(desk: Desk) -> None:
    ordered = await desk.order()
    await desk.room.pump.run()
    for _ in range(MOST_ATTEMPTS):
        assert await desk.runner.take() is not None
        desk.room.clock.advance(LEASE.total_seconds())
    assert await desk.runner.take() is None
    shown = await desk.room.get(f"/exports/{ordered['id']}")
    assert (shown["status"], shown["failure"]) == ("failed", "gave_up")


async def test_what_is_deleted_while_it_is_made_is_given_up(desk: Desk) -> None:
    ordered = await desk.order()
    await desk.room.pump.run()
    job = await desk.runner.take()
    assert job is not None
    assert (await desk.room.ask("DELETE", f"/exports/{ordered['id']}")).status_code == 204
    await desk.runner.work(job)
    assert children() == []
    await desk.sweep()
    assert await desk.room.rows("SELECT * FROM file_job") == []


async def test_of_a_deleted_users_export_under_way_nobody_is_told(desk: Desk) -> None:
    await booked(desk)
    await desk.order()
    await desk.room.pump.run()
    job = await desk.runner.take()
    assert job is not None
    await desk.room.told(changed(desk.room.user, None, "deleted"))
    await desk.do(desk.runner, job)
    assert await sent(desk.room.database, ExportReady) == []
    assert await desk.sweep() == 1
    assert await desk.room.rows("SELECT * FROM file_job") == []
    assert await desk.room.rows("SELECT * FROM book") == []
    with pytest.raises(FileGoneError):
        await desk.runner.storage.read(job.object_key or "")


async def test_a_command_that_comes_late_or_twice_changes_nothing(desk: Desk) -> None:
    made = await desk.export()
    async with desk.room.database.unit_of_work() as uow:
        await uow.execute("UPDATE file_job SET status = 'done'")
    await desk.order()
    assert await desk.work() == 1
    assert (await desk.room.get(f"/exports/{made['id']}"))["status"] == "done"


async def test_the_loop_works_on_what_is_ordered_and_handed_in(
    cluster: Cluster, scratch: Path
) -> None:
    (scratch / "finance-file-lost").mkdir()  # by a worker that was killed with its process
    async with opened_desk(cluster, most_jobs=1) as desk:
        ordered = await desk.order(format="xlsx")
        account_id = await desk.room.account()
        handed_in = (await desk.hand_in(account_id, "date,amount\n2026-01-31,5.00\n")).json()
        ends = {f"/exports/{ordered['id']}": "done", f"/imports/{handed_in['id']}": "checked"}
        await desk.room.pump.run()
        running = asyncio.ensure_future(desk.runner.run())  # noqa: TID251 - cancelled below
        try:
            async with asyncio.timeout(30):
                for path, status in ends.items():
                    while (await desk.room.get(path))["status"] != status:
                        await asyncio.sleep(0.1)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert children() == []
        assert list(scratch.iterdir()) == []
