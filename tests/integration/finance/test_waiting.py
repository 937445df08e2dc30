"""Who prefers to wait is answered with how the job of a file has ended."""

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack

import httpx
from tests.integration.finance.files import Desk

from finance.live.exports import MOST_OF_ONE_USER
from kit.tasks import spawn

PATIENT = {"Prefer": "wait=30"}


async def answered(desk: Desk, asked: Awaitable[httpx.Response]) -> httpx.Response:
    """Work until somebody who waits is answered."""
    waiting = spawn(asked, "test.waiting")
    while not waiting.done():
        await desk.work()
        await asyncio.sleep(0.05)
    return await waiting


async def test_an_export_is_waited_for(desk: Desk) -> None:
    asked = desk.room.ask("POST", "/exports", json={"format": "csv"}, headers=PATIENT)
    answer = await answered(desk, asked)
    assert (answer.status_code, answer.json()["status"]) == (200, "done")
    assert answer.json()["url"] is not None
    assert answer.headers["preference-applied"] == "wait=30"
    assert answer.headers["location"] == f"/v1/finance/exports/{answer.json()['id']}"


async def test_an_import_is_waited_for_at_each_of_its_steps(desk: Desk) -> None:
    account_id = await desk.room.account()
    file = "date,amount\n2026-01-31,-5.00\n"
    answer = await answered(desk, desk.hand_in(account_id, file, headers=PATIENT))
    assert (answer.status_code, answer.json()["status"]) == (200, "checked")
    path = f"/imports/{answer.json()['id']}"
    chosen = {"date_order": "ymd"}
    answer = await answered(desk, desk.room.ask("PATCH", path, json=chosen, headers=PATIENT))
    assert (answer.status_code, answer.json()["status"]) == (200, "checked")
    answer = await answered(desk, desk.room.ask("POST", f"{path}/book", headers=PATIENT))
    assert (answer.status_code, answer.json()["counts"]["booked"]) == (200, 1)


async def test_what_takes_longer_is_accepted_and_a_repetition_waits_again(desk: Desk) -> None:
    key = {"Idempotency-Key": "once"}
    order = {"json": {"format": "csv"}}
    answer = await desk.room.ask("POST", "/exports", headers={"Prefer": "wait=1", **key}, **order)
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert answer.headers["preference-applied"] == "wait=1"
    again = desk.room.ask("POST", "/exports", headers={**PATIENT, **key}, **order)
    done = await answered(desk, again)
    assert (done.status_code, done.json()["id"]) == (200, answer.json()["id"])


async def test_what_is_deleted_meanwhile_was_accepted(desk: Desk) -> None:
    asked = desk.room.ask("POST", "/exports", json={"format": "csv"}, headers=PATIENT)
    waiting = spawn(asked, "test.waiting")
    while not (listed := await desk.room.ids("/exports")):
        await asyncio.sleep(0.05)
    assert (await desk.room.delete(f"/exports/{listed[0]}")).status_code == 204
    assert (await waiting).status_code == 202


async def test_no_more_than_some_requests_of_one_person_wait(desk: Desk) -> None:
    places = desk.room.service.state.wiring.places
    with ExitStack() as taken:
        for _ in range(MOST_OF_ONE_USER):
            taken.enter_context(places.place(desk.room.user))
        answer = await desk.room.ask("POST", "/exports", json={"format": "csv"}, headers=PATIENT)
    assert (answer.status_code, "preference-applied" in answer.headers) == (202, False)
