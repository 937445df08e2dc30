"""The catalogue as CSV: out and in, over HTTP and by the command; all of it, or nothing."""

import argparse
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.shop.room import PRODUCTS, Room, code

from shop.commands import COMMANDS
from shop.settings import Settings
from testkit.databases import Cluster

IMPORT = "/v1/shop/catalogue"
EXPORT = "/v1/shop/catalogue.csv"
SMALL = (
    "kind,slug,name,category,price,stock\n"
    "product,k-72,Наушники К-72,ears,2490.00,40\n"
    "category,ears,Наушники,sound,,\n"
    "category,sound,Звук,,,\n"
)


async def put_in(room: Room, text: str, **more: str) -> httpx.Response:
    headers = {**room.admin, "Content-Type": "text/csv", **more}
    return await room.http.post(IMPORT, content=text.encode(), headers=headers)


async def taken_out(room: Room) -> str:
    answer = await room.http.get(EXPORT, headers=room.admin)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    return answer.text


async def test_rows_are_added_whatever_their_order(room: Room) -> None:
    answer = await put_in(room, SMALL)
    assert (answer.status_code, answer.json()) == (
        200,
        {"created": 3, "changed": 0, "unchanged": 0},
    )
    assert await room.names(category="Звук") == ["Наушники К-72"]
    assert await room.names(search="наушн") == ["Наушники К-72"]


async def test_what_was_taken_out_goes_in_again_and_changes_nothing(room: Room) -> None:
    parent = await room.category("Top")
    low = await room.category("=Low", slug="low", parent_id=parent["id"], is_active=False)
    await room.product(
        '=HYPERLINK("x")',
        "12.345",
        slug="danger",
        currency="KWD",
        category_id=low["id"],
        description='Two lines,\n"quoted"; -and',
        attributes={"=a": "+b", "n": 1, "yes": True},
        picture_url="https://shop.example/a.jpg",
        is_active=False,
    )
    await room.product("Plain")
    text = await taken_out(room)
    assert "\r\n'=" not in text
    answer = await put_in(room, text)
    assert answer.json() == {"created": 0, "changed": 0, "unchanged": 4}
    assert await taken_out(room) == text


async def test_an_import_changes_what_it_names_and_leaves_the_rest(room: Room) -> None:
    await put_in(room, SMALL)
    await room.product("Other")
    answer = await put_in(room, "kind,slug,name,price\nproduct,k-72,K-72,1990.00\n")
    assert answer.json() == {"created": 0, "changed": 1, "unchanged": 0}
    changed = (await room.http.get(f"{PRODUCTS}/k-72")).json()
    assert (changed["name"], changed["price"], changed["stock"]) == ("K-72", "1990.00", 40)
    assert changed["version"] == 2
    assert changed["category_id"] is not None
    assert sorted(await room.names()) == ["K-72", "Other"]
    assert await room.names(search="наушники") == []


async def test_every_bad_line_is_named_and_nothing_is_stored(room: Room) -> None:
    text = (
        "kind,slug,name,category,price,stock,is_active,attributes,currency\n"
        "product,good,Good,,1.00,,,,\n"
        "product,Bad Slug,Bad,,1.00,,,,\n"
        "product,no-price,No price,,,,,,\n"
        "product,stock,Stock,,1.00,many,,,\n"
        "product,truth,Truth,,1.00,1,maybe,,\n"
        'product,facts,Facts,,1.00,1,true,"[1]",\n'
        "product,money,Money,,1.005,1,true,,RUB\n"
        "box,kind,Kind,,1.00,,,,\n"
        "category,priced,Priced,,1.00,,,,\n"
    )
    answer = await put_in(room, text)
    assert answer.status_code == 422
    pointers = [one["pointer"] for one in answer.json()["errors"]]
    assert pointers == [
        "/line/3/slug",
        "/line/4/price",
        "/line/5/stock",
        "/line/6/is_active",
        "/line/7/attributes",
        "/line/8/price",
        "/line/9/kind",
        "/line/10/price",
    ]
    assert await room.names(headers=room.admin) == []


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["product,a,A,nowhere,1"], [("/line/2/category", "unknown_category")]),
        (["product,a,A,,1", "product,a,B,,1"], [("/line/3/slug", "repeated")]),
        (
            ["category,a,A,b,", "category,b,B,a,"],
            [("/line/2/category", "cycle"), ("/line/3/category", "cycle")],
        ),
        (["category,a,A,a,"], [("/line/2/category", "cycle")]),
        (
            [f"category,c-{n},C,{f'c-{n - 1}' if n else ''}," for n in range(9)],
            [("/line/10/category", "too_deep")],
        ),
    ],
)
async def test_rows_that_do_not_fit_together_are_named(
    room: Room, lines: list[str], found: list[tuple[str, str]]
) -> None:
    text = "\n".join(["kind,slug,name,category,price", *lines])
    answer = await put_in(room, text)
    assert answer.status_code == 422
    told = answer.json()["errors"]
    assert [(one["pointer"], one["code"]) for one in told] == found
    assert told[0]["detail"].startswith("Line ")
    assert (await taken_out(room)).count("\n") == 1


async def test_a_moved_tree_does_not_become_too_deep(room: Room) -> None:
    parent = None
    for level in range(8):
        parent = (await room.category("C", slug=f"c-{level}", parent_id=parent))["id"]
    await room.category("New")
    answer = await put_in(room, "kind,slug,name,category\ncategory,c-0,C,new\n")
    assert (answer.status_code, code(answer)) == (422, "too_deep")


async def test_a_product_keeps_its_currency(room: Room) -> None:
    await room.product("Phone")
    answer = await put_in(room, "kind,slug,name,price,currency\nproduct,phone,Phone,1,USD\n")
    assert (answer.status_code, code(answer)) == (422, "other_currency")


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("", "/line/1"),
        ("kind,slug,colour\n", "/line/1/3"),
        ("kind,slug,slug\n", "/line/1/slug"),
        ("kind,slug,name\nproduct,a\n", "/line/2/name"),
        ('kind,slug,name\nproduct,a,"open\n', "/line/2/name"),
        ("kind,slug,name\n", ""),
    ],
)
async def test_what_is_no_catalogue_is_refused(room: Room, text: str, pointer: str) -> None:
    answer = await put_in(room, text or "\n")
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_json_rows_are_taken_too_and_a_key_stores_them_once(room: Room) -> None:
    rows = [{"kind": "product", "slug": "a", "name": "A", "price": "1.00"}]
    headers = {**room.admin, "Idempotency-Key": "once"}
    first = await room.http.post(IMPORT, json=rows, headers=headers)
    again = await room.http.post(IMPORT, json=rows, headers=headers)
    assert (first.status_code, first.json()["created"]) == (200, 1)
    assert again.json() == first.json()
    rows[0]["category"] = "nowhere"
    bad = await room.http.post(IMPORT, json=rows, headers=room.admin)
    assert bad.json()["errors"][0]["pointer"] == "/0/category"


async def test_only_admins_take_it_out_or_put_it_in(room: Room) -> None:
    for headers, status in (({}, 401), (room.user, 403)):
        assert (await room.http.get(EXPORT, headers=headers)).status_code == status
        given = {**headers, "Content-Type": "text/csv"}
        answer = await room.http.post(IMPORT, content=SMALL.encode(), headers=given)
        assert answer.status_code == status


class Terminal(StringIO):
    """A screen that keeps what it was shown."""

    def isatty(self) -> bool:
        return True


class TestCommand:
    """`python -m shop catalogue import|export FILE`."""

    @pytest.fixture
    def run(self, cluster: Cluster) -> Any:
        settings = Settings(environment="test", database_url=cluster.url("shop"))
        add_arguments, command = COMMANDS["catalogue"]

        async def run(*words: str) -> None:
            parser = argparse.ArgumentParser()
            add_arguments(parser)
            await command(settings, parser.parse_args(words))

        return run

    async def test_a_file_goes_in_and_out(
        self, room: Room, run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "in.csv"
        file.write_text(SMALL, "utf-8")
        await run("import", str(file))
        assert capsys.readouterr().out == "3 added, 0 changed, 0 as they were\n"
        out = tmp_path / "out.csv"
        await run("export", str(out))
        assert out.read_bytes().decode() == await taken_out(room)

    @pytest.mark.usefixtures("room")
    async def test_a_terminal_shows_how_far_it_is(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "in.csv"
        file.write_text(SMALL, "utf-8")
        for action in ("import", "export"):
            monkeypatch.setattr(sys, "stderr", screen := Terminal())
            await run(action, str(file))
            assert " 3/3 [" in screen.getvalue()

    async def test_every_bad_line_is_named_and_nothing_is_stored(
        self, room: Room, run: Any, tmp_path: Path
    ) -> None:
        file = tmp_path / "in.csv"
        header = "kind,slug,name,price\n"
        file.write_text(header + "".join(f"product,a-{n},A,x\n" for n in range(150)), "utf-8")
        with pytest.raises(SystemExit) as ended:
            await run("import", str(file))
        told = str(ended.value).splitlines()
        assert len(told) == 151
        assert told[149].startswith("Line 151, column price: ")
        assert told[150] == "Nothing was stored."
        assert await room.names(headers=room.admin) == []

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("kind,shape\n", "Line 1, column 2: Not a known column"),
            ("kind,slug,name,price,category\nproduct,a,A,1,b\n", "Line 2, column category: There"),
        ],
    )
    @pytest.mark.usefixtures("room")
    async def test_what_is_no_catalogue_is_refused(
        self, run: Any, tmp_path: Path, text: str, told: str
    ) -> None:
        file = tmp_path / "in.csv"
        file.write_text(text, "utf-8")
        with pytest.raises(SystemExit, match=told):
            await run("import", str(file))
