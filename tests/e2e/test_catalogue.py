"""The shop's catalogue through the gateway on the real stack: edited by an admin, read by all."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from testkit.keepers import CATEGORIES, PRODUCTS, Json, Keeper
from testkit.people import Person

IMPORT, EXPORT = "/v1/shop/catalogue", "/v1/shop/catalogue.csv"


@pytest.fixture
async def shelf(keeper: Keeper) -> AsyncIterator[Json]:
    """A category within another, with a product; all of it is deleted again."""
    sound = await keeper.make(CATEGORIES, name="Звук", slug=keeper.slug("sound"))
    ears = await keeper.make(
        CATEGORIES, name="Наушники", slug=keeper.slug("ears"), parent_id=sound["id"]
    )
    product = await keeper.make(
        PRODUCTS,
        name=f"Наушники {keeper.mark}",
        slug=keeper.slug("k-72"),
        price="2490.00",
        stock=40,
        category_id=ears["id"],
        attributes={"цвет": "чёрный"},
    )
    yield {"sound": sound, "ears": ears, "product": product}
    for path in (
        f"{PRODUCTS}/{product['id']}",
        *(f"{CATEGORIES}/{c['id']}" for c in (ears, sound)),
    ):
        assert (await keeper.ask("DELETE", path)).status_code in {204, 404}


async def test_what_an_admin_adds_everybody_reads_without_a_token(
    http: httpx.AsyncClient, shelf: Json, alice: Person
) -> None:
    product, sound = shelf["product"], shelf["sound"]
    for headers in ({}, alice.headers):
        for named in (product["id"], product["slug"]):
            answer = await http.get(f"{PRODUCTS}/{named}", headers=headers)
            assert (answer.status_code, answer.json()) == (200, product)
            assert answer.headers["etag"] == '"1-40"'
        for query in (
            {"category": sound["slug"]},
            {"search": f"наушник {product['slug'][-12:]}"},
            {"category": sound["id"], "in_stock": "true", "price_min": "2490", "sort": "price"},
        ):
            page = (await http.get(PRODUCTS, params=query, headers=headers)).json()
            assert [one["id"] for one in page["items"]] == [product["id"]], query
    head = await http.head(f"{PRODUCTS}/{product['id']}")
    assert (head.status_code, head.headers["etag"], head.content) == (200, '"1-40"', b"")


async def test_nobody_but_an_admin_edits_or_takes_all_of_it_out(
    http: httpx.AsyncClient, shelf: Json, alice: Person
) -> None:
    path = f"{PRODUCTS}/{shelf['product']['id']}"
    for headers, status in (({}, 401), (alice.headers, 403)):
        answers = [
            await http.post(PRODUCTS, json={"name": "x", "price": "1.00"}, headers=headers),
            await http.post(CATEGORIES, json={"name": "x"}, headers=headers),
            await http.patch(path, json={"price": "1.00"}, headers=headers),
            await http.delete(path, headers=headers),
            await http.post(f"{path}/deactivate", headers=headers),
            await http.get(EXPORT, headers=headers),
            await http.post(IMPORT, json=[], headers=headers),
        ]
        assert {one.status_code for one in answers} == {status}
    assert (await http.get(path)).json() == shelf["product"]


async def test_a_stale_edit_is_refused_through_the_gateway(keeper: Keeper, shelf: Json) -> None:
    path = f"{PRODUCTS}/{shelf['product']['id']}"
    changed = await keeper.ask("PATCH", path, {"price": "1990.00"}, If_Match='"1-40"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2-40"')
    stale = await keeper.ask("PATCH", path, {"price": "1.00"}, If_Match='"1-40"')
    assert (stale.status_code, stale.json()["code"]) == (412, "edit_stale")
    odd = await keeper.ask("PATCH", path, {"price": "1.00"}, If_Match="2-40")
    assert (odd.status_code, odd.json()["code"]) == (400, "if_match_malformed")
    gone = await keeper.ask("DELETE", path, If_Match='"2-40"')
    assert gone.status_code == 204


async def test_what_is_deactivated_is_gone_for_all_but_admins(
    http: httpx.AsyncClient, keeper: Keeper, shelf: Json, alice: Person
) -> None:
    path, sound = f"{PRODUCTS}/{shelf['product']['id']}", f"{CATEGORIES}/{shelf['sound']['id']}"
    assert (await keeper.ask("POST", f"{sound}/deactivate")).json()["is_active"] is False
    for headers in ({}, alice.headers):
        assert (await http.get(path, headers=headers)).status_code == 404
        assert (await http.get(sound, headers=headers)).status_code == 404
        query = {"category": shelf["ears"]["slug"]}
        answer = await http.get(PRODUCTS, params=query, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "category_not_found")
    assert (await keeper.ask("GET", path)).json() == shelf["product"]
    assert (await keeper.ask("PATCH", sound, {"is_active": True})).status_code == 200
    assert (await http.get(path)).status_code == 200


async def test_the_paths_of_the_store_with_bank_webhook_lead_to_the_same(
    http: httpx.AsyncClient, keeper: Keeper
) -> None:
    """Specification 2: GET /products, /products/{id}; admins POST, PUT, DELETE."""
    made = await keeper.make("/products", name=f"Tea {keeper.mark}", price="5.00", stock=1)
    path = f"/products/{made['id']}"
    listed = (await http.get("/products", params={"search": keeper.mark})).json()
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert (await http.get(path)).json() == (await http.get(f"/v1/shop{path}")).json() == made
    for method, price in (("PUT", "6.00"), ("PATCH", "7.00")):
        changed = await keeper.ask(method, path, {"price": price})
        assert (changed.status_code, changed.json()["price"]) == (200, price)
    assert (await http.delete(path)).status_code == 401
    assert (await keeper.ask("DELETE", path)).status_code == 204
    assert (await http.get(path)).status_code == 404


async def test_the_paths_of_the_online_store_lead_to_the_same(
    http: httpx.AsyncClient, keeper: Keeper
) -> None:
    """Specification 5: categories/all, by id, slug or name; products; deactivate."""
    above = "/api/v1/categories"
    name = f"Чай {keeper.mark}"
    made = await keeper.make(above, name=name, slug=keeper.slug("tea"))
    for val in (made["id"], made["slug"], name):
        answer = await http.get(f"{above}/{val}")
        assert (answer.status_code, answer.json()) == (200, made)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 100}
    while query:
        page = (await http.get(f"{above}/all", params=query)).json()
        seen += [one["id"] for one in page["items"]]
        query = {"limit": 100, "cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert seen.count(made["id"]) == 1
    changed = await keeper.ask("PATCH", f"{above}/{made['slug']}", {"name": f"{name}!"})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    product = await keeper.make(
        "/api/v1/products", name=f"Leaf {keeper.mark}", price="3.00", category_id=made["id"]
    )
    for path in ("/api/v1/products", "/api/v1/products/all", PRODUCTS):
        page = (await http.get(path, params={"category": made["slug"]})).json()
        assert [one["id"] for one in page["items"]] == [product["id"]], path
    one = f"/api/v1/products/{product['slug']}"
    assert (await http.get(one)).json() == product
    assert (await keeper.ask("PATCH", one, {"stock_change": 3})).json()["stock"] == 3
    assert (await keeper.ask("POST", f"{one}/deactivate")).json()["is_active"] is False
    assert (await http.get(one)).status_code == 404
    closed = await keeper.ask("POST", f"{above}/{made['slug']}/deactivate")
    assert closed.json()["is_active"] is False
    assert (await http.get(f"{above}/{made['id']}")).status_code == 404


async def test_a_file_goes_in_and_out_of_a_running_shop(
    http: httpx.AsyncClient, keeper: Keeper
) -> None:
    text = (
        "kind,slug,name,category,price,stock,attributes\r\n"
        f"product,{keeper.slug('p')},'=Чайник;+1,{keeper.slug('c')},990.00,7,"
        '"{""цвет"":""чёрный""}"\r\n'
        f"category,{keeper.slug('c')},Кухня,,,,\r\n"
    )
    headers = {**keeper.person.headers, "Content-Type": "text/csv", "Idempotency-Key": keeper.mark}
    for replayed in (None, "true"):
        answer = await http.post(IMPORT, content=text.encode(), headers=headers)
        assert (answer.status_code, answer.json()["created"]) == (200, 2)
        assert answer.headers.get("idempotency-replayed") == replayed
    shown = (await http.get(f"{PRODUCTS}/{keeper.slug('p')}")).json()
    assert (shown["stock"], shown["attributes"]) == (7, {"цвет": "чёрный"})
    taken = await keeper.ask("GET", EXPORT)
    assert taken.status_code == 200
    assert taken.headers["content-type"].startswith("text/csv")
    assert taken.headers["content-disposition"] == 'attachment; filename="catalogue.csv"'
    header, *rows = csv.reader(io.StringIO(taken.content.decode(), newline=""))
    mine = [row for row in rows if row[header.index("slug")].endswith(keeper.mark)]
    assert [row[0] for row in mine] == ["category", "product"]
    again = io.StringIO(newline="")
    csv.writer(again).writerows([header, *mine])
    del headers["Idempotency-Key"]
    answer = await http.post(IMPORT, content=again.getvalue().encode(), headers=headers)
    assert answer.json() == {"created": 0, "changed": 0, "unchanged": 2}
    wrong = again.getvalue().replace("990.00", "9.999")
    answer = await http.post(IMPORT, content=wrong.encode(), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/line/3/price")


async def test_a_large_file_passes_the_gateway(http: httpx.AsyncClient, keeper: Keeper) -> None:
    words = "описание " * 40
    lines = [f"product,{keeper.slug(f'b-{n}')},B,{words},1.00,false" for n in range(2_000)]
    text = "\n".join(["kind,slug,name,description,price,is_active", *lines]).encode()
    assert len(text) > 1_000_000
    headers = {**keeper.person.headers, "Content-Type": "text/csv"}
    answer = await http.post(IMPORT, content=text, headers=headers)
    assert (answer.status_code, answer.json()["created"]) == (200, len(lines))
    taken = await keeper.ask("GET", EXPORT)
    assert taken.text.count(keeper.mark) == len(lines)
    assert (await http.get(f"{PRODUCTS}/{keeper.slug('b-0')}")).status_code == 404


async def test_the_documents_show_the_shop(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")
    assert (page.status_code, "shop" in page.text) == (200, True)
    assert (await http.get("/docs/shop")).status_code == 200
    document = (await http.get("/openapi/shop.json")).json()
    assert {"/v1/shop/products", "/v1/shop/catalogue.csv"} <= document["paths"].keys()
    combined = (await http.get("/openapi.json")).json()
    assert document["paths"].keys() <= combined["paths"].keys()
