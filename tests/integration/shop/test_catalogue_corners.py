"""Corners of the catalogue: odd texts, sums, facts and files; refused or meant literally."""

import argparse
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.integration.shop.room import CATEGORIES, PRODUCTS, Json, Room, code

from kit.ids import new_id
from shop import commands
from shop.repository import catalogue as reading
from shop.settings import Settings
from testkit.databases import Cluster

IMPORT = "/v1/shop/catalogue"
EXPORT = "/v1/shop/catalogue.csv"


async def put_in(room: Room, text: str) -> Any:
    headers = {**room.admin, "Content-Type": "text/csv"}
    return await room.http.post(IMPORT, content=text.encode(), headers=headers)


async def taken_out(room: Room) -> str:
    answer = await room.http.get(EXPORT, headers=room.admin)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    "search",
    ["㌖" * 200, "ﷺ" * 12, "ы" * 200, "𐐷" * 200, " ".join(["наушникинаушники"] * 11), "ㅤㅤ"],
)
async def test_whatever_is_searched_for_is_answered(room: Room, search: str) -> None:
    answer = await room.http.get(PRODUCTS, params={"search": search})
    assert answer.status_code in {200, 422}, answer.text


async def test_a_word_longer_than_any_search_is_found_by_its_beginning(room: Room) -> None:
    long = "а" * 3000
    await room.product("Phone", description=f"{long} {'㌖' * 500}")
    assert await room.names(search="а" * 200) == ["Phone"]
    assert await room.names(search="㌖" * 150) == ["Phone"]
    assert await room.names(search="а" * 30 + "б") == []


@pytest.mark.parametrize(
    "attributes",
    [{"a": "x\u0000"}, {"a\u0000": "x"}, {"a": "\u001b[0m"}, {"a\nb": "x"}, {"\u202ea": "x"}],
)
async def test_a_fact_holds_no_characters_that_nobody_can_see(room: Room, attributes: Json) -> None:
    body = {"name": "Phone", "price": "1.00", "attributes": attributes}
    answer = await room.http.post(PRODUCTS, json=body, headers=room.admin)
    assert (answer.status_code, code(answer)) == (422, "malformed")
    row = {"kind": "product", "slug": "phone", **body}
    answer = await room.http.post(IMPORT, json=[row], headers=room.admin)
    assert (answer.status_code, code(answer)) == (422, "malformed")
    assert await room.names(headers=room.admin) == []


async def test_a_stale_edit_is_stale_whatever_else_is_wrong_with_it(room: Room) -> None:
    await room.product("Phone")
    await room.category("Home")
    for path, change in (
        (f"{PRODUCTS}/phone", {"category_id": str(new_id())}),
        (f"{PRODUCTS}/phone", {"stock_change": -11}),
        (f"{CATEGORIES}/home", {"parent_id": str(new_id())}),
    ):
        answer = await room.edit(path, '"9-9"', **change)
        assert (answer.status_code, code(answer)) == (412, "edit_stale"), change


async def test_true_and_one_are_different_facts(room: Room) -> None:
    await room.product("Phone", attributes={"new": True})
    changed = await room.edit(f"{PRODUCTS}/phone", attributes={"new": 1})
    assert (changed.json()["attributes"], changed.json()["version"]) == ({"new": 1}, 2)
    row = {"kind": "product", "slug": "phone", "name": "Phone", "price": "100.00"}
    answer = await room.http.post(
        IMPORT, json=[{**row, "attributes": {"new": True}}], headers=room.admin
    )
    assert answer.json() == {"created": 0, "changed": 1, "unchanged": 0}
    assert (await room.http.get(f"{PRODUCTS}/phone")).json()["attributes"] == {"new": True}


@pytest.mark.parametrize(
    "field", ["category", "description", "stock", "is_active", "attributes", "picture_url"]
)
async def test_null_in_an_imported_row_leaves_what_is_there_as_an_empty_cell_does(
    room: Room, field: str
) -> None:
    home = await room.category("Home")
    given = {
        "description": "Black",
        "attributes": {"a": 1},
        "picture_url": "https://shop.example/x.jpg",
        "category_id": home["id"],
    }
    made = await room.product("Phone", **given)
    row = {"kind": "product", "slug": "phone", "name": "Phone", "price": "100.00"}
    rows = [{**row, field: None}, {**row, "slug": "other", "currency": None, field: None}]
    answer = await room.http.post(IMPORT, json=rows, headers=room.admin)
    assert (answer.status_code, answer.text) == (200, '{"created":1,"changed":0,"unchanged":1}')
    assert (await room.http.get(f"{PRODUCTS}/phone")).json() == made


async def test_as_many_rows_are_taken_as_json_as_in_a_file(room: Room) -> None:
    rows = [
        {"kind": "product", "slug": f"p-{n}", "name": f"P, {n}", "price": "1.00", "stock": n}
        for n in range(10_000)
    ]
    answer = await room.http.post(IMPORT, json=rows, headers=room.admin)
    assert (answer.status_code, answer.text) == (
        200,
        '{"created":10000,"changed":0,"unchanged":0}',
    )
    more = await room.http.post(IMPORT, json=[*rows, rows[0]], headers=room.admin)
    assert (more.status_code, code(more)) == (422, "too_long")
    lines = "".join(f"product,p-{n},P,2.00\n" for n in range(10_001))
    file = await put_in(room, f"kind,slug,name,price\n{lines}")
    assert (file.status_code, code(file)) == (422, "too_long")


async def test_a_number_too_long_to_be_one_is_a_bad_cell(room: Room) -> None:
    answer = await put_in(room, f"kind,slug,name,price,stock\nproduct,a,A,1,{'9' * 9000}\n")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/line/2/stock")


async def test_a_spreadsheet_may_write_true_and_false_in_capitals(room: Room) -> None:
    text = "kind,slug,name,price,is_active\nproduct,a,A,1,TRUE\nproduct,b,B,1,FALSE\n"
    assert (await put_in(room, text)).json()["created"] == 2
    assert await room.names(headers=room.admin, is_active=False) == ["B"]


async def test_a_fact_named_twice_in_a_cell_is_refused_as_in_a_body(room: Room) -> None:
    text = 'kind,slug,name,price,attributes\nproduct,a,A,1,"{""a"":1,""a"":2}"\n'
    answer = await put_in(room, text)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (
        422,
        "/line/2/attributes",
    )


async def test_the_longest_facts_come_out_and_go_in_again(room: Room) -> None:
    for slug, value in (("quotes", '"' * 500), ("slashes", "\\" * 500), ("equals", ",=" * 250)):
        facts = {f"{n:02}" + '"' * 48: value for n in range(50)}
        answer = await room.http.post(
            PRODUCTS,
            json={"name": slug, "price": "1.00", "attributes": facts},
            headers=room.admin,
        )
        # What is too large for one body of an edit is taken by an import.
        if answer.status_code != 201:
            row = {"kind": "product", "slug": slug, "name": slug, "price": "1.00"}
            answer = await room.http.post(
                IMPORT, json=[{**row, "attributes": facts}], headers=room.admin
            )
            assert answer.status_code == 200, answer.text
    again = await put_in(room, await taken_out(room))
    assert (again.status_code, again.json()) == (200, {"created": 0, "changed": 0, "unchanged": 3})


async def test_names_that_begin_like_disarmed_cells_come_back_as_they_were(room: Room) -> None:
    names = ["=1+1", "'=1+1", "',=1", ",=1", "''", "' =x;+y", "\u2018=a", "'", "-5", "a,'=b"]
    for number, name in enumerate(names):
        await room.product(name, slug=f"p-{number}", description=f"'\t{name}")
    text = await taken_out(room)
    again = await put_in(room, text)
    assert again.json() == {"created": 0, "changed": 0, "unchanged": len(names)}
    async with room.database.unit_of_work() as uow:
        await uow.execute("DELETE FROM product")
    assert (await put_in(room, text)).json()["created"] == len(names)
    assert sorted(await room.names()) == sorted(names)


async def test_what_is_added_while_a_file_is_taken_out_stands_in_it_whole(room: Room) -> None:
    await room.category("Old")
    files = reading.catalogue(room.database)
    seen = [await anext(files)]
    top = await room.category("New")
    low = await room.category("Below", parent_id=top["id"])
    await room.product("Phone", category_id=low["id"])
    seen += [one async for one in files]
    rows = [(entry.slug, slugs) for entries, slugs in seen for entry in entries]
    assert [slug for slug, _ in rows][:1] == ["old"]
    assert sorted(slug for slug, _ in rows) == ["below", "new", "old", "phone"]
    assert rows[-1][0] == "phone"


@pytest.mark.parametrize(
    ("price", "currency", "status"),
    [
        ("10000000000000.00", "RUB", 201),
        ("10000000000000.01", "RUB", 422),
        ("1000000000000000", "JPY", 201),
        ("1000000000000001", "JPY", 422),
        ("1000000000000.000", "KWD", 201),
        ("0.001", "KWD", 201),
        ("0.0001", "KWD", 422),
        ("1e3", "RUB", 422),
        ("٣.00", "RUB", 422),
        ("1,00", "RUB", 422),
    ],
)
async def test_a_price_is_an_amount_of_its_currency(
    room: Room, price: str, currency: str, status: int
) -> None:
    body = {"name": "Phone", "price": price, "currency": currency}
    answer = await room.http.post(PRODUCTS, json=body, headers=room.admin)
    assert answer.status_code == status, answer.text
    if status == 201:
        query = {"currency": currency, "price_min": price, "price_max": price}
        assert await room.names(**query) == ["Phone"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"currency": "JPY", "price_min": "150", "price_max": "150"}, ["Chopsticks"]),
        ({"currency": "JPY", "price_max": "1.5"}, None),
        ({"currency": "KWD", "price_min": "1.499", "price_max": "1.501"}, ["Dates"]),
        ({"currency": "KWD", "price_min": "1.5001"}, None),
        ({"price_max": "1.505"}, None),
        ({"price_max": "1.5", "price_min": "1.50"}, ["Pen"]),
        ({"price_min": "2", "price_max": "1"}, []),
        ({"price_max": "10000000000000.01"}, None),
        ({"currency": "XXX"}, None),
        ({"currency": "rub"}, None),
    ],
)
async def test_a_price_filter_is_of_its_currency(
    room: Room, query: dict[str, str], found: list[str] | None
) -> None:
    for name, price, currency in (
        ("Chopsticks", "150", "JPY"),
        ("Dates", "1.500", "KWD"),
        ("Pen", "1.50", "RUB"),
    ):
        await room.product(name, price, currency=currency)
    if found is None:
        assert (await room.http.get(PRODUCTS, params=query)).status_code == 422
    else:
        assert await room.names(**query) == found


@pytest.mark.parametrize(
    "name", ["100% _тест_", "'; DROP TABLE product; --", "a&b", "ﬁne", "१२", "ß", "e\u0301"]
)
async def test_a_category_is_found_by_its_name_taken_literally(room: Room, name: str) -> None:
    made = await room.category(name, slug="by-name")
    await room.category("Other")
    answer = await room.http.get(f"{CATEGORIES}/{name}")
    assert (answer.status_code, answer.json()) == (200, made)
    await room.product("Phone", category_id=made["id"])
    await room.product("Loose")
    assert await room.names(category=name) == ["Phone"]
    for near in (name[:-1] or "x", f"{name}x", "%"):
        assert (await room.http.get(f"{CATEGORIES}/{near}")).status_code == 404


@pytest.mark.parametrize("path", [CATEGORIES, PRODUCTS])
@pytest.mark.parametrize("named", ["%00", "a%00b", "%F0%9F%99%82", "x" * 300, "..", "%25", "-"])
async def test_whatever_stands_in_a_path_is_answered(room: Room, path: str, named: str) -> None:
    for headers in (None, room.admin):
        assert (await room.http.get(f"{path}/{named}", headers=headers)).status_code == 404
    changed = await room.edit(f"{path}/{named}", name="x")
    assert changed.status_code == 404


class TestCommand:
    """`python -m shop catalogue import`: what it must not take."""

    @pytest.fixture
    def run(self, cluster: Cluster) -> Any:
        settings = Settings(environment="test", database_url=cluster.url("shop"))
        add_arguments, command = commands.COMMANDS["catalogue"]

        async def run(*words: str) -> None:
            parser = argparse.ArgumentParser()
            add_arguments(parser)
            await command(settings, parser.parse_args(words))

        return run

    async def test_a_file_of_too_many_rows_is_refused_and_not_cut(
        self, room: Room, run: Any, tmp_path: Path, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(commands, "MOST_ROWS", 3)
        file = tmp_path / "in.csv"
        file.write_text(
            "kind,slug,name,price\n" + "".join(f"product,a-{n},A,1\n" for n in range(6)), "utf-8"
        )
        with pytest.raises(SystemExit, match="3 rows"):
            await run("import", str(file))
        assert await room.names() == []

    @pytest.mark.usefixtures("room")
    async def test_a_file_that_can_not_be_read_or_written_is_named(
        self, run: Any, tmp_path: Path
    ) -> None:
        for words in (("import", "missing.csv"), ("export", "missing/out.csv")):
            with pytest.raises(SystemExit, match="missing"):
                await run(words[0], str(tmp_path / words[1]))

    async def test_no_fact_of_a_file_holds_what_the_database_can_not(
        self, room: Room, run: Any, tmp_path: Path
    ) -> None:
        file = tmp_path / "in.csv"
        facts = orjson.dumps({"a": "\0"}).decode().replace('"', '""')
        file.write_text(
            f'kind,slug,name,price,attributes\nproduct,a,A,1,"{facts}"\n', encoding="utf-8"
        )
        with pytest.raises(SystemExit, match="Line 2, column attributes"):
            await run("import", str(file))
        assert await room.names() == []
