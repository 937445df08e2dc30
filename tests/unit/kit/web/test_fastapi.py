"""The same operations on stock FastAPI and on ours: what is the same, and what is not and why.

libs/kit/kit/web/README.md has a paragraph for each difference; the last test holds that.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

import httpx
import pytest
from deploy.generate.rooms import ROOT
from fastapi import Depends, FastAPI, Form, Header, HTTPException, Query
from pydantic import Field
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp

from kit.web.routes import Declared, Router
from kit.web.schemas import Model

from .conftest import till

ID: Final = "01a1fcdd-9669-7604-9b37-6520d4325d71"
PAGE: Final = ROOT / "libs" / "kit" / "kit" / "web" / "README.md"
MAX_BODY_BYTES: Final = 4096


class Drink(Model):
    name: Annotated[str, Field(min_length=1, max_length=20)]
    count: int = 1


class Round(Model):
    drinks: list[Drink] = Field(max_length=3)
    metadata: dict[str, Any] = Field(default_factory=dict)


class Taste(Model):
    colour: str | None = None
    size: int = 7


class Visitor(Model):
    username: str
    password: str = Field(min_length=3)


class Bill(Model):
    text: str


class Receipt(Model):
    paid_by: str = Field(alias="payer")


class ItemisedBill(Bill):
    secret_note: str = "hush"


_calls: list[str] = []


async def counted() -> int:
    _calls.append("counted")
    return len(_calls)


async def paging(limit: Annotated[int, Query(ge=1)] = 20) -> int:
    return limit


async def thing(
    id: UUID,  # noqa: A002
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    kind: Annotated[str | None, Query(alias="type")] = None,
    x_mood: Annotated[str, Header()] = "calm",
) -> dict[str, Any]:
    return {"id": id, "limit": limit, "type": kind, "mood": x_mood}


async def newest() -> dict[str, str]:
    return {"id": "newest"}


async def tastes(
    taste: Annotated[Taste, Query()], limit: Annotated[int, Depends(paging)]
) -> dict[str, Any]:
    return {**taste.model_dump(), "limit": limit}


async def order(order: Round) -> Round:
    return order


async def maybe(order: Round | None = None) -> dict[str, bool]:
    return {"is_given": order is not None}


async def drinks(drinks: list[Drink]) -> int:
    return len(drinks)


async def log_in(visitor: Annotated[Visitor, Form()]) -> dict[str, str]:
    return {"username": visitor.username}


async def bill() -> Bill:
    return ItemisedBill(text="two teas")


async def bills() -> list[Bill]:
    return [Bill(text="tea"), ItemisedBill(text="cake")]


async def receipt() -> Receipt:
    return Receipt(payer="alice")


async def nothing() -> None:
    """Do nothing."""


async def text() -> PlainTextResponse:
    return PlainTextResponse("hello", headers={"Cache-Control": "public, max-age=60"})


async def stream() -> StreamingResponse:
    async def events() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        yield "data: 2\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


async def twice(
    one: Annotated[int, Depends(counted)], two: Annotated[int, Depends(counted)]
) -> dict[str, int]:
    return {"calls": two - one + 1}


async def missing() -> None:
    raise HTTPException(404, "no such bill")


async def broken() -> None:
    raise RuntimeError("secret of the inside")


class Declaration(NamedTuple):
    method: str
    path: str
    operation: Callable[..., Awaitable[Any]]
    status: int = 200


OPERATIONS = [
    Declaration("GET", "/things/{id}", thing),
    Declaration("GET", "/things/newest", newest),
    Declaration("GET", "/tastes", tastes),
    Declaration("POST", "/rounds", order),
    Declaration("PUT", "/rounds", order, 201),
    Declaration("DELETE", "/rounds", nothing, 204),
    Declaration("PATCH", "/rounds", nothing),
    Declaration("POST", "/maybe", maybe),
    Declaration("POST", "/drinks", drinks),
    Declaration("POST", "/login", log_in),
    Declaration("GET", "/bill", bill),
    Declaration("GET", "/bills", bills),
    Declaration("GET", "/receipt", receipt),
    Declaration("GET", "/text", text),
    Declaration("GET", "/stream", stream),
    Declaration("GET", "/twice", twice),
    Declaration("GET", "/missing", missing),
    Declaration("GET", "/broken", broken),
]


def stock() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for one in OPERATIONS:
        app.add_api_route(one.path, one.operation, methods=[one.method], status_code=one.status)
    return app


def ours() -> ASGIApp:
    router = Router(tags=["till"])
    for one in OPERATIONS:
        declared: Declared = {
            "access": "public",
            "operation_id": f"{one.operation.__name__}_{one.method}".lower(),
            "summary": one.path,
            "status_code": one.status,
        }
        getattr(router, one.method.lower())(one.path, **declared)(one.operation)
    return till(router, max_body_bytes=MAX_BODY_BYTES)


class Sent(NamedTuple):
    method: str
    target: str
    body: str = ""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def json(text: str, method: str = "POST", path: str = "/rounds") -> Sent:
    return Sent(method, path, text, "application/json")


def form(text: str) -> Sent:
    return Sent("POST", "/login", text, "application/x-www-form-urlencoded")


async def answer(app: ASGIApp, sent: Sent) -> httpx.Response:
    headers = list(sent.headers)
    if sent.content_type is not None:
        headers.append(("content-type", sent.content_type))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://till") as client:
        return await client.request(
            sent.method, sent.target, content=sent.body or None, headers=headers
        )


SAME = [
    Sent("GET", f"/things/{ID}?limit=5&type=big", headers=(("X-Mood", "good"),)),
    Sent("GET", f"/things/{ID}"),
    Sent("GET", f"/things/{ID.upper()}"),
    Sent("GET", f"/things/{ID.replace('-', '')}?limit=100"),
    Sent("GET", f"/things/{ID}?type=a%26b+c%D1%91"),
    Sent("GET", f"/things/{ID}?type="),
    Sent("GET", "/tastes"),
    Sent("GET", "/tastes?size=3&colour=red"),
    json('{"drinks": []}'),
    json('{"drinks": [{"name": "чай"}], "metadata": {"a": [1, 2.5, null, {"b": "ё"}]}}'),
    json('{\n "drinks":\t[{"count": 2, "name": "tea"}]\n}'),
    json('{"drinks": [{"name": "\\u00e9\\ud83d\\ude00"}]}'),
    json('{"drinks": []}', method="PUT"),
    json('{"drinks": []}', path="/maybe"),
    json("null", path="/maybe"),
    json('[{"name": "tea"}, {"name": "cake"}]', path="/drinks"),
    Sent("POST", "/rounds", '{"drinks": []}', "application/json; charset=utf-8"),
    Sent("POST", "/maybe"),
    Sent("DELETE", "/rounds"),
    Sent("PATCH", "/rounds"),
    form("username=alice&password=secret"),
    form("username=%D1%91&password=a+b%26"),
    Sent("GET", "/bill"),
    Sent("GET", "/bills"),
    Sent("GET", "/receipt"),
    Sent("GET", "/text"),
    Sent("GET", "/stream"),
]


@pytest.mark.parametrize("sent", SAME, ids=lambda sent: f"{sent.method} {sent.target}")
async def test_the_answer_is_the_same(sent: Sent) -> None:
    theirs, own = await answer(stock(), sent), await answer(ours(), sent)

    assert (own.status_code, own.content) == (theirs.status_code, theirs.content)
    assert own.is_success
    of_nothing = {"content-type"} if not own.content else set()
    assert {name: own.headers.get(name) for name in theirs.headers.keys() - of_nothing} == {
        name: value for name, value in theirs.headers.items() if name not in of_nothing
    }


class Differs(NamedTuple):
    """A request that is answered otherwise, by which paragraph of the page, and how."""

    paragraph: str
    sent: Sent
    theirs: int
    own: int
    code: str | None = None


EMPTY = '{"drinks": []}'
LONG = f'{{"drinks": [], "metadata": {{"a": "{"x" * MAX_BODY_BYTES}"}}}}'
DEEP = f'{{"drinks": [], "metadata": {{"a": {"[" * 40}{"]" * 40}}}}}'
MULTIPART = (
    '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nalice\r\n'
    '--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nsecret\r\n--x--\r\n'
)
PARTS = "multipart/form-data; boundary=x"
TWO_TOKENS = (("Authorization", "Bearer one"), ("Authorization", "Bearer two"))
TWO_MOODS = (("X-Mood", "good"), ("X-Mood", "bad"))
UNREADABLE, INVALID, QUERY = "body_unreadable", "validation_failed", "query_invalid"
TYPE = "content_type_unsupported"
DIFFERENT = [
    Differs("problem", Sent("GET", f"/things/{ID}?limit=0"), 422, 422, INVALID),
    Differs("problem", json('{"drinks": [{}]}'), 422, 422, INVALID),
    Differs("problem", json('{"drinks": [], "status": "paid"}'), 422, 422, INVALID),
    Differs("problem", form("username=alice&password=x"), 422, 422, INVALID),
    Differs("problem", Sent("GET", "/nowhere"), 404, 404, "not_found"),
    Differs("problem", Sent("PUT", "/bill"), 405, 405, "method_not_allowed"),
    Differs("problem", Sent("GET", "/missing"), 404, 404, "not_found"),
    Differs("problem", Sent("GET", "/broken"), 500, 500, "internal_error"),
    Differs("path", Sent("GET", "/things/7"), 422, 404, "not_found"),
    Differs("query", Sent("GET", "/tastes?shape=round"), 422, 422, INVALID),
    Differs("query", Sent("GET", f"/things/{ID}?Limit=5"), 200, 422, INVALID),
    Differs("query", Sent("GET", "/tastes?size=3&limit=4"), 422, 200),
    Differs("query", Sent("PATCH", "/rounds?dry_run=true"), 200, 422, INVALID),
    Differs("query", Sent("GET", f"/things/{ID}?limit=1&limit=2"), 200, 400, QUERY),
    Differs("query", Sent("GET", f"/things/{ID}?type=%00"), 200, 400, QUERY),
    Differs("query", Sent("GET", f"/things/{ID}?type=%ff"), 200, 400, QUERY),
    Differs("strict", json('{"drinks": [{"name": "tea", "count": "2"}]}'), 200, 422, INVALID),
    Differs("strict", json('{"drinks": [{"name": "tea", "count": 2.0}]}'), 200, 422, INVALID),
    Differs("readable", json('{"drinks": ['), 422, 400, UNREADABLE),
    Differs("readable", json(""), 422, 400, UNREADABLE),
    Differs("readable", json('{"drinks": [], "metadata": {"a": NaN}}'), 200, 400, UNREADABLE),
    Differs("readable", json('{"drinks": [1], "drinks": []}'), 200, 400, UNREADABLE),
    Differs("readable", json(DEEP), 200, 400, UNREADABLE),
    Differs("readable", json('{"drinks": [{"name": "a\\u0000b"}]}'), 200, 422, INVALID),
    Differs("readable", form("username=a&username=b&password=secret"), 200, 400, UNREADABLE),
    Differs("size", json(LONG), 200, 413, "body_too_large"),
    Differs("type", Sent("POST", "/rounds", EMPTY), 422, 415, TYPE),
    Differs("type", Sent("POST", "/rounds", EMPTY, "application/vnd.till+json"), 200, 415, TYPE),
    Differs("type", Sent("POST", "/login", MULTIPART, PARTS), 200, 415, TYPE),
    Differs("empty", form("username=&password=secret"), 422, 200),
    Differs("headers", Sent("GET", f"/things/{ID}", headers=TWO_MOODS), 200, 200),
    Differs("headers", Sent("GET", "/bill", headers=TWO_TOKENS), 200, 400, "request_refused"),
    Differs("slash", Sent("GET", "/bill/"), 307, 200),
    Differs("methods", Sent("HEAD", "/bill"), 405, 200),
    Differs("methods", Sent("OPTIONS", "/bill"), 405, 204),
    Differs("order", Sent("GET", "/things/newest"), 422, 200),
    Differs("dependencies", Sent("GET", "/twice"), 200, 200),
]


@pytest.mark.parametrize(
    "differs", DIFFERENT, ids=lambda one: f"{one.paragraph}: {one.sent.method} {one.sent.target}"
)
async def test_the_answer_differs_as_the_page_says(differs: Differs) -> None:
    theirs, own = await answer(stock(), differs.sent), await answer(ours(), differs.sent)

    assert (theirs.status_code, own.status_code) == (differs.theirs, differs.own)
    assert own.content != theirs.content or own.status_code != theirs.status_code
    if differs.code is not None:
        assert own.headers["content-type"] == "application/problem+json"
        assert own.json()["code"] == differs.code
    else:
        assert own.is_success


async def test_every_answer_carries_more_headers() -> None:
    for differs in DIFFERENT:
        own = await answer(ours(), differs.sent)
        assert own.headers["x-request-id"]
        assert own.headers["x-content-type-options"] == "nosniff"


def test_forty_requests_at_least_are_compared() -> None:
    assert len(SAME) + len(DIFFERENT) >= 40


def test_the_page_has_a_paragraph_for_each_difference() -> None:
    page = PAGE.read_text("utf-8")
    section = page.partition("## What differs from FastAPI")[2].partition("\n## ")[0]
    paragraphs = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert set(paragraphs) == {one.paragraph for one in DIFFERENT}
    assert len(paragraphs) == len(set(paragraphs))
