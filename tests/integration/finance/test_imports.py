"""Banks' files: looked at first, chosen how to read, then booked, each line once."""

import asyncio
from typing import Any

import pytest
from tests.integration.finance.files import Desk, fetched, opened_desk
from tests.integration.finance.room import Json, changed, code
from tests.integration.finance.storages import overheard

from finance.repository import FileJobs
from finance.service.files import imports as service
from finance.service.files.imports import BATCH
from kit.ids import new_id
from testkit.databases import Cluster

NOWHERE = "http://127.0.0.1:1"  # who asks this storage is answered 503

BANK = """Дата операции;Сумма;Валюта;Категория;Описание
31.01.2026;-1 234,50;RUB;Еда;Пятёрочка
30.01.2026;-5,00;RUB;;Кофе
30.01.2026;-5,00;RUB;;Кофе
29.01.2026;100 000,00;RUB;;Зарплата
28.01.2026;сто;RUB;;Ошибка
"""
OFX = (
    "<OFX><CURDEF>RUB<ACCTID>1<STMTTRN><DTPOSTED>20260131<TRNAMT>-5.00<FITID>A1<NAME>x</STMTTRN>"
    "</OFX>"
)
QIF = "!Type:Bank\n" + "".join(f"D{day}.01.2026\nT-7.00\nPx\n^\n" for day in (31, 30, 30))
FILES = ((BANK, "text/csv"), (OFX, "application/x-ofx"), (QIF, "application/qif"))


async def transactions(desk: Desk, account_id: str) -> list[Json]:
    found = await desk.room.get("/transactions", account_id=account_id, limit=100)
    items: list[Json] = found["items"]
    return items


async def test_a_file_is_looked_at_first_and_then_booked(desk: Desk) -> None:
    account_id = await desk.room.account(opening_balance="10.00")
    food = await desk.room.category("еда")
    found = await desk.checked(account_id, BANK.encode("cp1251"))
    assert found["status"] == "checked"
    assert found["counts"] == {"new": 4, "known": 0, "faulty": 1, "booked": 0}
    assert (found["encoding"], found["delimiter"], found["decimal"]) == ("cp1251", ";", ",")
    assert found["mapping"]["description"] == "Описание"
    assert found["faults"] == [
        {"line": 6, "code": "amount_malformed", "detail": "This is no amount."}
    ]
    assert found["preview"][0] == {
        "line": 2,
        "date": "2026-01-31",
        "amount": "-1234.50",
        "currency": "RUB",
        "description": "Пятёрочка",
        "category": "Еда",
    }
    assert await transactions(desk, account_id) == []
    booked = await desk.booked(found["id"])
    assert (booked["status"], booked["counts"]["booked"]) == ("booked", 4)
    rows = await transactions(desk, account_id)
    assert [(one["date"], one["amount"], one["type"]) for one in rows] == [
        ("2026-01-31", "1234.50", "expense"),
        ("2026-01-30", "5.00", "expense"),
        ("2026-01-30", "5.00", "expense"),
        ("2026-01-29", "100000.00", "income"),
    ]
    assert (rows[0]["category_id"], rows[0]["origin"]) == (food, "import")
    assert rows[1]["category_id"] is None
    assert await desk.room.balance(account_id) == "98765.50"


async def test_the_second_import_of_a_file_adds_nothing(desk: Desk) -> None:
    account_id = await desk.room.account()
    for content, media_type in FILES:
        for known, new in ((0, True), (1, False)):
            found = await desk.checked(account_id, content, media_type=media_type)
            assert bool(found["counts"]["new"]) is new
            assert bool(found["counts"]["known"]) is not new, known
            before = await desk.room.balance(account_id)
            booked = await desk.booked(found["id"])
            assert bool(booked["counts"]["booked"]) is new
            assert (await desk.room.balance(account_id) == before) is not new


async def test_a_longer_statement_adds_only_what_is_new(desk: Desk) -> None:
    account_id = await desk.room.account()
    await desk.booked((await desk.checked(account_id, BANK))["id"])
    more = f"{BANK}30.01.2026;-5,00;RUB;;Кофе\n01.02.2026;-7,00;RUB;;Чай\n"
    found = await desk.checked(account_id, more)
    assert found["counts"] == {"new": 2, "known": 4, "faulty": 1, "booked": 0}


async def test_rules_place_what_names_no_category_of_ones_own(desk: Desk) -> None:
    account_id, coffee = await desk.room.account(), await desk.room.category("Кофейни")
    await desk.room.make("/rules", words="кофе", category_id=coffee)
    await desk.booked((await desk.checked(account_id, BANK))["id"])
    rows = await transactions(desk, account_id)
    assert [one["category_id"] for one in rows] == [None, coffee, coffee, None]


async def test_faults_are_told_in_the_callers_language(desk: Desk) -> None:
    account_id = await desk.room.account()
    found = await desk.checked(account_id, BANK)
    answer = await desk.room.ask(
        "GET", f"/imports/{found['id']}", headers={"Accept-Language": "ru"}
    )
    assert answer.json()["faults"][0]["detail"] == "Это не сумма."


async def test_what_is_ambiguous_is_booked_only_after_a_choice(desk: Desk) -> None:
    account_id = await desk.room.account()
    found = await desk.checked(account_id, "date,amount\n01/02/2026,-5.00\n")
    assert found["ambiguous"] == ["date_order"]
    path = f"/imports/{found['id']}"
    answer = await desk.room.ask("POST", f"{path}/book")
    assert (answer.status_code, code(answer)) == (409, "import_not_ready")
    answer = await desk.room.ask("PATCH", path, json={"date_order": "mdy"})
    assert (answer.status_code, answer.json()["status"]) == (202, "checking")
    busy = await desk.room.ask("POST", f"{path}/book")
    assert (busy.status_code, code(busy)) == (409, "import_busy")
    await desk.work()
    assert (await desk.room.get(path))["ambiguous"] == []
    await desk.booked(found["id"])
    [row] = await transactions(desk, account_id)
    assert row["date"] == "2026-01-02"
    for method, place, body in (("POST", f"{path}/book", None), ("PATCH", path, {"decimal": "."})):
        answer = await desk.room.ask(method, place, json=body)
        assert (answer.status_code, code(answer)) == (409, "import_booked")


async def test_columns_are_taken_as_they_are_named(desk: Desk) -> None:
    account_id = await desk.room.account()
    found = await desk.checked(account_id, "when,much,what\n2026-01-31,-5.00,bread\n")
    assert (found["ambiguous"], found["columns"]) == (["amount"], ["when", "much", "what"])
    mapping = {"date": "when", "amount": "2", "description": "what"}
    path = f"/imports/{found['id']}"
    await desk.room.ask("PATCH", path, json={"mapping": mapping})
    await desk.work()
    found = await desk.room.get(path)
    assert (found["counts"]["new"], found["preview"][0]["description"]) == (1, "bread")
    await desk.room.ask("PATCH", path, json={"mapping": {"date": "nothing"}})
    await desk.work()
    found = await desk.room.get(path)
    assert (found["status"], found["failure"]) == ("failed", "mapping_unknown")
    answer = await desk.room.ask("PATCH", path, json={"mapping": {"colour": "1"}})
    assert (answer.status_code, code(answer)) == (422, "not_allowed")


async def test_a_line_is_shown_as_it_is_booked(desk: Desk) -> None:
    account_id = await desk.room.account()
    text = "Card 4111 1111 1111 1111\u202e to\tBob " + "x" * 600
    found = await desk.checked(
        account_id, f"date,amount,description,category\n2026-01-31,-5.00,{text},{text}\n"
    )
    [line] = found["preview"]
    await desk.booked(found["id"])
    [booked] = await transactions(desk, account_id)
    assert line["description"] == booked["description"]
    assert line["description"].startswith("Card **** **** **** 1111 to Bob xxx")
    assert "4111" not in str(found)


@pytest.mark.check(46)
async def test_a_file_that_cant_be_read_fails_and_says_why(desk: Desk) -> None:
    account_id = await desk.room.account()
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><OFX></OFX>'
    found = await desk.checked(account_id, bomb, media_type="application/x-ofx")
    assert (found["status"], found["failure"]) == ("failed", "has_entities")
    answer = await desk.room.ask("POST", f"/imports/{found['id']}/book")
    assert (answer.status_code, code(answer)) == (409, "import_not_ready")


CARD_AND_CASH_OFX = (
    "<OFX><ACCTID>Card<STMTTRN><DTPOSTED>20260131<TRNAMT>1.00</STMTTRN>"
    "<ACCTID>Cash<STMTTRN><DTPOSTED>20260131<TRNAMT>2.00</STMTTRN></OFX>"
)
CARD_AND_CASH_QIF = (
    "!Account\nNCard\n^\n!Type:Bank\nD2026-01-31\nT1.00\n^\n"
    "!Account\nNCash\n^\n!Type:Bank\nD2026-01-31\nT2.00\n^\n"
)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("date,amount,account\n2026-01-31,1.00,Card \n2026-01-31,2.00,Cash\n", "text/csv"),
        (CARD_AND_CASH_OFX, "application/x-ofx"),
        (CARD_AND_CASH_QIF, "application/qif"),
    ],
    ids=["csv", "ofx", "qif"],
)
async def test_accounts_of_a_file_are_named_so_that_one_can_be_chosen(
    desk: Desk, content: str, media_type: str
) -> None:
    found = await desk.checked(await desk.room.account(), content, media_type=media_type)
    assert (found["failure"], found["accounts"]) == ("several_accounts", ["Card", "Cash"])
    path = f"/imports/{found['id']}"
    for name, amount in (("Card", "1.00"), ("Cash", "2.00")):
        await desk.room.ask("PATCH", path, json={"only_account": name})
        await desk.work()
        chosen = await desk.room.get(path)
        assert [one["amount"] for one in chosen["preview"]] == [amount]


@pytest.mark.check(46)
@pytest.mark.parametrize(
    ("content", "media_type", "more", "status", "refused"),
    [
        (b"PK\x03\x04 a workbook", "text/csv", {}, 415, "import_not_text"),
        (b"date,amount\n", "application/pdf", {}, 415, "import_format_unknown"),
        (b"", "text/csv", {}, 422, "import_empty"),
        (b"x", "text/csv", {"format": "xlsx"}, 422, "not_allowed"),
        (b"x", "text/csv", {"account_id": "00000000-0000-7000-8000-000000000009"}, 422,
         "account_unknown"),
        (b"x", "text/csv", {"headers": {"Idempotency-Key": "a b"}}, 400,
         "idempotency_key_malformed"),
        (b"," * (32 * 1024 * 1024 + 1), "text/csv", {}, 413, "body_too_large"),
    ],
)  # fmt: skip
async def test_what_is_no_file_to_import_is_refused_before_it_is_stored(  # noqa: PLR0913, PLR0917
    cluster: Cluster,
    content: bytes,
    media_type: str,
    more: dict[str, Any],
    status: int,
    refused: str,
) -> None:
    async with opened_desk(cluster, s3_endpoint=NOWHERE) as desk:
        query = {"account_id": await desk.room.account(), **more}
        answer = await desk.hand_in(query.pop("account_id"), content, media_type, **query)
        assert (answer.status_code, code(answer)) == (status, refused)
        assert await desk.room.rows("SELECT * FROM file_job") == []


async def test_nothing_is_imported_into_a_wallets_account(cluster: Cluster) -> None:
    async with opened_desk(cluster, s3_endpoint=NOWHERE) as desk:
        account_id = await desk.room.account()
        await desk.room.link(account_id)
        answer = await desk.hand_in(account_id, BANK)
        assert (answer.status_code, code(answer)) == (422, "import_into_linked")


async def test_a_file_too_many_is_refused_before_it_is_stored(cluster: Cluster) -> None:
    async with opened_desk(cluster, s3_endpoint=NOWHERE) as desk:
        account_id = await desk.room.account()
        for _ in range(3):
            await desk.order()
        answer = await desk.hand_in(account_id, BANK)
        assert (answer.status_code, code(answer)) == (429, "too_many_file_jobs")


async def test_a_file_that_was_one_too_many_in_the_end_is_not_kept(cluster: Cluster) -> None:
    async with overheard() as (endpoint, asked), opened_desk(cluster, s3_endpoint=endpoint) as desk:
        account_id = await desk.room.account()
        answers = await asyncio.gather(*(desk.hand_in(account_id, BANK) for _ in range(5)))
        assert sorted(one.status_code for one in answers) == [202] * 3 + [429] * 2
        kept = await desk.room.rows("SELECT object_key FROM file_job")
        assert asked.deleted
        assert asked.stored - asked.deleted == {one["object_key"] for one in kept}


async def test_an_account_that_goes_meanwhile_fails_the_booking(desk: Desk) -> None:
    account_id = await desk.room.account()
    found = await desk.checked(account_id, BANK)
    answer = await desk.room.ask("DELETE", f"/accounts/{account_id}")
    assert answer.status_code == 204, answer.text
    booked = await desk.booked(found["id"])
    assert (booked["status"], booked["failure"]) == ("failed", "account_gone")


async def test_what_was_looked_at_in_one_currency_is_not_booked_in_another(desk: Desk) -> None:
    account_id = await desk.room.account()
    found = await desk.checked(account_id, "Date,Amount\n2026-01-31,-5.00\n")
    assert (await desk.room.patch(f"/accounts/{account_id}", currency="USD")).status_code == 200
    booked = await desk.booked(found["id"])
    assert (booked["status"], booked["failure"]) == ("failed", "currency_changed")
    assert await desk.room.ids("/transactions") == []
    answer = await desk.room.patch(f"/imports/{found['id']}")  # it is looked at again
    assert answer.status_code == 202, answer.text
    await desk.work()
    assert (await desk.booked(found["id"]))["status"] == "booked"


async def test_nobody_sees_anothers_import(desk: Desk) -> None:
    found = await desk.checked(await desk.room.account(), BANK)
    path = f"/imports/{found['id']}"
    for method, place, body in (
        ("GET", path, None),
        ("PATCH", path, {"decimal": "."}),
        ("POST", f"{path}/book", None),
        ("DELETE", path, None),
    ):
        answer = await desk.room.ask(method, place, by=new_id(), json=body)
        assert (answer.status_code, code(answer)) == (404, "import_not_found")
    assert (await desk.room.ask("GET", "/imports", by=new_id())).json()["items"] == []
    assert [one["id"] for one in (await desk.room.get("/imports"))["items"]] == [found["id"]]
    assert (await desk.room.get("/exports"))["items"] == []


async def test_a_file_that_comes_again_under_its_key_is_one_import(desk: Desk) -> None:
    account_id = await desk.room.account()
    key = {"Idempotency-Key": "k1"}
    first = await desk.hand_in(account_id, BANK, headers=key)
    second = await desk.hand_in(account_id, BANK, headers=key)
    assert second.json() == first.json()
    other = await desk.hand_in(account_id, f"{BANK}\n", headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    for _ in range(2):
        await desk.order()
    third = await desk.hand_in(account_id, BANK, headers=key)
    assert third.json() == first.json()  # though three are open
    await desk.work()
    assert (await desk.room.get(f"/imports/{first.json()['id']}"))["status"] == "checked"


async def test_a_deleted_import_goes_and_what_it_booked_stays(desk: Desk) -> None:
    account_id = await desk.room.account()
    found = await desk.checked(account_id, BANK)
    await desk.booked(found["id"])
    assert (await desk.room.ask("DELETE", f"/imports/{found['id']}")).status_code == 204
    await desk.sweep()
    assert await desk.room.rows("SELECT * FROM file_job") == []
    assert len(await transactions(desk, account_id)) == 4


async def test_an_import_whose_time_is_over_is_gone(desk: Desk) -> None:
    found = await desk.checked(await desk.room.account(), BANK)
    desk.room.clock.advance(25 * 3600)
    await desk.sweep()
    shown = await desk.room.get(f"/imports/{found['id']}")
    assert (shown["status"], shown["counts"]["new"]) == ("expired", 4)
    answer = await desk.room.ask("POST", f"/imports/{found['id']}/book")
    assert (answer.status_code, code(answer)) == (404, "import_not_found")


async def test_a_booking_that_breaks_off_is_taken_up_and_books_each_line_once(desk: Desk) -> None:
    account_id = await desk.room.account()
    count = 2 * BATCH + 10
    lines = "".join(f"2026-01-31,1.00,line {number}\n" for number in range(count))
    found = await desk.checked(account_id, f"date,amount,description\n{lines}")
    assert found["counts"]["new"] == count
    async with desk.room.database.read() as connection:
        [job] = [await FileJobs(connection).get(found["id"])]
    assert job is not None

    class BrokenOff(Exception):  # noqa: N818 - stands for a crash
        pass

    def crash(rows: int, total: int | None) -> None:
        raise BrokenOff

    storage = desk.runner.storage
    with pytest.raises(BrokenOff):
        await service.book(desk.room.database, storage, job, crash)
    assert await desk.room.balance(account_id) == f"{BATCH}.00"
    booked = await desk.booked(found["id"])
    assert booked["counts"]["booked"] == count - BATCH
    assert await desk.room.balance(account_id) == f"{count}.00"


async def test_two_bookings_of_one_file_at_once_book_each_line_once(desk: Desk) -> None:
    account_id = await desk.room.account()
    ids = [(await desk.checked(account_id, BANK))["id"] for _ in range(2)]
    async with desk.room.database.read() as connection:
        jobs = [await FileJobs(connection).get(one) for one in ids]

    def tell(rows: int, total: int | None) -> None:
        """Tell nobody."""

    storage = desk.runner.storage
    told = await asyncio.gather(
        *(service.book(desk.room.database, storage, job, tell) for job in jobs if job is not None)
    )
    assert sum(one["result"]["booked"] for one in told) == 4
    assert len(await transactions(desk, account_id)) == 4


@pytest.mark.parametrize("format_name", ["csv", "ofx", "qif"])
async def test_what_is_exported_is_imported_as_it_was(desk: Desk, format_name: str) -> None:
    room = desk.room
    source, target = await room.account("Source"), await room.account("Target")
    food, pay = await room.category("Food"), await room.category("Pay", type="income")
    await room.book(source, "12.50", category_id=food, date="2026-01-10", description="=1+1")
    await room.book(source, "0.01", date="2026-01-31", description='Хлеб; "и" соль\u00a0№1')
    await room.book(
        source, "999.99", category_id=pay, date="2026-01-20T22:30:00Z", note="за январь"
    )
    made = await desk.export(format_name, account_id=source)
    content = (await fetched(made["url"])).content
    media_type = {"csv": "text/csv", "ofx": "application/x-ofx", "qif": "application/qif"}
    found = await desk.checked(target, content, media_type=media_type[format_name])
    assert (found["counts"]["faulty"], found["ambiguous"]) == (0, [])
    await desk.booked(found["id"])
    told = ("date", "amount", "type", *(("category_id",) if format_name != "ofx" else ()))
    facts = [
        [[one[name] for name in told] for one in await transactions(desk, account_id)]
        for account_id in (source, target)
    ]
    assert facts[0] == facts[1]
    assert await room.balance(source) == await room.balance(target)
    again = await desk.checked(target, content, media_type=media_type[format_name])
    assert again["counts"]["new"] == 0


async def test_a_deleted_users_files_go_with_them(desk: Desk) -> None:
    found = await desk.checked(await desk.room.account(), BANK)
    made = await desk.export()
    await desk.room.told(changed(desk.room.user, None, "deleted"))
    assert (await desk.room.ask("GET", f"/imports/{found['id']}")).status_code == 404
    assert await desk.sweep() == 2
    assert (await fetched(made["url"])).status_code == 404
    assert await desk.room.rows("SELECT * FROM file_job") == []
    assert await desk.room.rows("SELECT * FROM book") == []
