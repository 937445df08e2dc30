"""kit.web.serving.binding and routes: from a request to arguments, from a result to an answer."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import Depends, Form, Header, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse

from kit.web.answers import Answer
from kit.web.faults import MAX_FAULTS
from kit.web.identity import Caller
from kit.web.language import CallerLanguage
from kit.web.routes import Router
from kit.web.schemas import Model, Page
from kit.web.serving.bodies import LONG_BODY_BYTES, MAX_COMMAS, ForeignBody

from .conftest import ALICE, bearer, serve, till

ID = "01a1fcdd-9669-7604-9b37-6520d4325d71"


class Line(Model):
    name: Annotated[str, Field(min_length=1, max_length=20)]
    count: int = 1


class Order(Model):
    lines: list[Line] = Field(max_length=3)
    metadata: dict[str, Any] = Field(default_factory=dict)


class Filters(Model):
    colour: str | None = None
    size: int = 7


class Credentials(Model):
    username: str
    password: str = Field(min_length=3)


class Receipt(Model):
    text: str


async def call(
    router: Router, method: str, path: str, *, token: str | None = None, **request: Any
) -> httpx.Response:
    headers = {**(bearer(token) if token else {}), **request.pop("headers", {})}
    async with serve(till(router)) as client:
        return await client.request(method, path, headers=headers, **request)


@pytest.fixture
def orders(router: Router) -> Router:
    @router.post("/v1/orders", access="public", operation_id="order", summary="Order")
    async def order(order: Order) -> Order:
        return order

    return router


@pytest.fixture
def parameters(router: Router) -> Router:
    @router.get("/v1/things/{id}", access="public", operation_id="thing", summary="Thing")
    async def thing(
        id: UUID,  # noqa: A002
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        kind: Annotated[str | None, Query(alias="type")] = None,
        x_mood: Annotated[str, Header()] = "calm",
    ) -> dict[str, Any]:
        return {"id": id, "limit": limit, "type": kind, "mood": x_mood}

    return router


async def test_path_query_and_headers_become_arguments(parameters: Router) -> None:
    answer = await call(
        parameters,
        "GET",
        f"/v1/things/{ID}?limit=5&type=big",
        headers={"X-Mood": "good"},
    )

    assert answer.json() == {"id": ID, "limit": 5, "type": "big", "mood": "good"}


async def test_what_is_not_given_has_its_default(parameters: Router) -> None:
    answer = await call(parameters, "GET", f"/v1/things/{ID}/")

    assert answer.json() == {"id": ID, "limit": 20, "type": None, "mood": "calm"}


async def test_a_path_that_can_not_exist_is_not_found(parameters: Router) -> None:
    answer = await call(parameters, "GET", "/v1/things/7?limit=0")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.check(42)
@pytest.mark.parametrize("limit", ["-1", "0", "101", "1000000000", "1.5", "x", ""])
async def test_a_query_parameter_out_of_range_is_refused(parameters: Router, limit: str) -> None:
    answer = await call(parameters, "GET", f"/v1/things/{ID}?limit={limit}")

    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/query/limit"


@pytest.mark.check(31)
@pytest.mark.parametrize("name", ["unknown", "kind", "Limit", "limit[]", "limit~/", "", "id"])
async def test_a_query_parameter_that_is_not_known_is_refused(
    parameters: Router, name: str
) -> None:
    answer = await call(parameters, "GET", f"/v1/things/{ID}", params={name: "1", "limit": "0"})

    assert answer.status_code == 422
    written = name.replace("~", "~0").replace("/", "~1")
    assert {(f["pointer"], f["code"]) for f in answer.json()["errors"]} == {
        ("/query/limit", "too_small"),
        (f"/query/{written}", "unknown_field"),
    }
    assert "limit, type" in answer.text  # which there are


async def test_an_operation_without_parameters_refuses_all(router: Router) -> None:
    @router.post("/v1/orders", access="public", operation_id="order", summary="Order")
    async def order(order: Order) -> Order:
        return order

    @router.delete("/v1/orders", access="user", operation_id="drop", summary="Drop")
    async def drop(caller: Caller) -> None:
        assert caller

    sent = {"json": {"lines": []}, "params": {"dry_run": "true"}}
    for method, token, extra in (("POST", None, sent), ("DELETE", "alice", {"params": "all"})):
        answer = await call(router, method, "/v1/orders", token=token, **extra)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert (await call(router, "DELETE", "/v1/orders?all")).status_code == 401


async def test_parameters_of_dependencies_and_models_are_known_together(router: Router) -> None:
    async def paging(limit: Annotated[int, Query()] = 20) -> int:
        return limit

    @router.get("/v1/list", access="public", operation_id="list", summary="List")
    async def things(
        filters: Annotated[Filters, Query()], limit: Annotated[int, Depends(paging)]
    ) -> dict[str, Any]:
        return {**filters.model_dump(), "limit": limit}

    answer = await call(router, "GET", "/v1/list?size=3&limit=4")
    assert answer.json() == {"colour": None, "size": 3, "limit": 4}
    assert (await call(router, "GET", "/v1/list?size=3&limit=4&x=")).status_code == 422


@pytest.mark.check(42)
async def test_a_query_parameter_given_twice_is_refused(parameters: Router) -> None:
    answer = await call(parameters, "GET", f"/v1/things/{ID}?limit=1&limit=1000")

    assert (answer.status_code, answer.json()["code"]) == (400, "query_invalid")


async def test_filters_can_be_one_model(router: Router) -> None:
    @router.get("/v1/list", access="public", operation_id="list", summary="List")
    async def things(filters: Annotated[Filters, Query()]) -> Filters:
        return filters

    assert (await call(router, "GET", "/v1/list?size=3")).json() == {"colour": None, "size": 3}
    refused = await call(router, "GET", "/v1/list?size=big&shape=round")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [
        "/query/size",
        "/query/shape",
    ]


async def test_required_parameters_are_missed(router: Router) -> None:
    @router.get("/v1/need", access="public", operation_id="need", summary="Need")
    async def need(day: Annotated[str, Query()], if_match: Annotated[str, Header()]) -> None:
        """Need both."""

    answer = await call(router, "GET", "/v1/need")
    assert [(f["pointer"], f["code"]) for f in answer.json()["errors"]] == [
        ("/query/day", "required"),
        ("/header/if-match", "required"),
    ]


async def test_a_body_becomes_a_model(orders: Router) -> None:
    order = {"lines": [{"name": "tea"}], "metadata": {"a": [1, 2.5, None, {"b": "ё"}]}}
    answer = await call(orders, "POST", "/v1/orders", json=order)

    assert answer.json() == {"lines": [{"name": "tea", "count": 1}], "metadata": order["metadata"]}


async def test_all_faults_of_a_body_are_told_at_once(orders: Router) -> None:
    order = {"lines": [{"name": "", "count": "2"}, {}], "status": "paid"}
    answer = await call(orders, "POST", "/v1/orders", json=order)

    assert answer.status_code == 422
    assert {(f["pointer"], f["code"]) for f in answer.json()["errors"]} == {
        ("/lines/0/name", "too_short"),
        ("/lines/0/count", "wrong_type"),
        ("/lines/1/name", "required"),
        ("/status", "unknown_field"),
    }


@pytest.mark.parametrize("field", ["role", "is_admin", "balance", "status", "user_id", "id"])
async def test_fields_that_are_not_the_callers_are_refused(orders: Router, field: str) -> None:
    answer = await call(orders, "POST", "/v1/orders", json={"lines": [], field: "x"})

    assert [f["pointer"] for f in answer.json()["errors"]] == [f"/{field}"]


@pytest.mark.parametrize("body", [b"", b"NaN", b'{"lines": [], "lines": []}', b"[" * 9999])
async def test_an_unreadable_body_is_a_400(orders: Router, body: bytes) -> None:
    answer = await call(
        orders, "POST", "/v1/orders", content=body, headers={"content-type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")


async def test_broken_json_says_where_it_is_broken(orders: Router) -> None:
    answer = await call(
        orders,
        "POST",
        "/v1/orders",
        content=b'{\n  "lines": [],\n  "metadata": {"a" 1}\n}',
        headers={"content-type": "application/json", "accept-language": "en"},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")
    assert "line 3, column" in answer.json()["detail"]


async def test_a_body_of_more_values_than_anybody_needs_is_not_parsed(orders: Router) -> None:
    answer = await call(
        orders,
        "POST",
        "/v1/orders",
        content=b"[" + b"1," * (MAX_COMMAS + 1),  # broken, too, which nobody finds out
        headers={"content-type": "application/json"},
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_complex")


async def test_of_many_faults_a_hundred_are_told(orders: Router) -> None:
    order = {"lines": [], **{f"field{number}": 1 for number in range(3000)}}
    answer = await call(orders, "POST", "/v1/orders", json=order)

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == MAX_FAULTS == 100


@pytest.mark.check(41)
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
async def test_another_content_type_is_a_415(orders: Router, content_type: str) -> None:
    answer = await call(
        orders,
        "POST",
        "/v1/orders",
        content=b'{"lines": []}',
        headers={"content-type": content_type},
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "content_type_unsupported")


@pytest.mark.check(35)
@pytest.mark.parametrize(
    ("text", "is_stored"),
    [
        ("a\0b", False),
        ("a\\u0000b", True),
        ("\u202eabc", True),
        ("a\u200bb", True),
        ("a" + "\u0301" * 15, True),
        ("🔑", True),
    ],
)
async def test_any_text_but_nul_comes_back_as_it_was(
    orders: Router, text: str, *, is_stored: bool
) -> None:
    order = {"lines": [{"name": text, "count": 1}], "metadata": {text: text}}
    answer = await call(orders, "POST", "/v1/orders", json=order)

    assert answer.status_code == (200 if is_stored else 422)
    if is_stored:
        assert answer.json() == order
    else:
        assert answer.json()["errors"][0]["pointer"] == "/lines/0/name"


async def test_an_optional_body_may_be_left_out(router: Router) -> None:
    @router.post("/v1/pay", access="public", operation_id="pay", summary="Pay")
    async def pay(line: Line = Line(name="tea")) -> Line:  # noqa: B008 (frozen)
        return line

    assert (await call(router, "POST", "/v1/pay")).json() == {"name": "tea", "count": 1}
    given = await call(router, "POST", "/v1/pay", json={"name": "milk"})
    assert given.json()["name"] == "milk"


async def test_a_form_becomes_a_model_or_fields(router: Router) -> None:
    @router.post("/v1/model", access="public", operation_id="model", summary="Model")
    async def by_model(form: Annotated[Credentials, Form()]) -> Credentials:
        return form

    @router.post("/v1/fields", access="public", operation_id="fields", summary="Fields")
    async def by_fields(
        username: Annotated[str, Form()], scope: Annotated[str, Form()] = "all"
    ) -> dict[str, str]:
        return {"username": username, "scope": scope}

    form = {"username": "алиса", "password": "открой"}
    assert (await call(router, "POST", "/v1/model", data=form)).json() == form
    one = await call(router, "POST", "/v1/fields", data={"username": "bob"})
    assert one.json() == {"username": "bob", "scope": "all"}


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain"])
async def test_an_empty_body_is_a_form_without_fields_and_needs_no_type(
    router: Router, content_type: str | None
) -> None:
    @router.post("/v1/fields", access="public", operation_id="fields", summary="Fields")
    async def by_fields(scope: Annotated[str, Form()] = "all") -> dict[str, str]:
        return {"scope": scope}

    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await call(router, "POST", "/v1/fields", content=b"", headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"scope": "all"})
    said = await call(router, "POST", "/v1/fields", content=b"scope=x", headers=headers)
    assert (said.status_code, said.json()["code"]) == (415, "content_type_unsupported")


@pytest.mark.parametrize(
    ("path", "form", "pointers"),
    [
        ("/v1/model", {"username": "x", "password": "1"}, ["/password"]),
        ("/v1/model", {"username": "x\0", "password": "123"}, ["/username"]),
        ("/v1/fields", {"scope": "x"}, ["/username"]),
    ],
)
async def test_faults_of_a_form_are_told_like_those_of_a_body(
    router: Router, path: str, form: dict[str, str], pointers: list[str]
) -> None:
    @router.post("/v1/model", access="public", operation_id="model", summary="Model")
    async def by_model(form: Annotated[Credentials, Form()]) -> None:
        """Take a model."""

    @router.post("/v1/fields", access="public", operation_id="fields", summary="Fields")
    async def by_fields(
        username: Annotated[str, Form()], scope: Annotated[str, Form()] = "all"
    ) -> None:
        """Take fields."""

    answer = await call(router, "POST", path, data=form)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == pointers
    as_json = await call(router, "POST", path, json=form)
    assert as_json.status_code == 415


async def test_dependencies_provide_arguments(router: Router) -> None:
    def state(request: Request) -> str:
        return str(request.app.state.greeting)

    async def shouted(greeting: Annotated[str, Depends(state)], caller: Caller) -> str:
        return f"{greeting.upper()} {caller.subject}"

    @router.get("/v1/greet", access="user", operation_id="greet", summary="Greet")
    async def greet(
        text: Annotated[str, Depends(shouted)], language: CallerLanguage
    ) -> dict[str, str]:
        return {"text": text, "language": language}

    app = till(router)
    app.state.greeting = "hello"
    async with serve(app) as client:
        answer = await client.get("/v1/greet", headers={**bearer("alice"), "Accept-Language": "ru"})

    assert answer.json() == {"text": f"HELLO {ALICE}", "language": "ru"}


async def test_an_object_may_provide_an_argument(router: Router) -> None:
    class Counter:
        def __init__(self, start: int) -> None:
            self.count = start

        async def __call__(self, step: int = 1) -> int:
            self.count += step
            return self.count

    @router.get("/v1/count", access="public", operation_id="count", summary="Count")
    async def count(number: Annotated[int, Depends(Counter(5))]) -> int:
        return number

    assert (await call(router, "GET", "/v1/count?step=2")).json() == 7


async def test_a_form_may_be_read_by_a_dependency(router: Router) -> None:
    class Login:
        def __init__(self, username: Annotated[str, Form()], otp: Annotated[str, Form()]) -> None:
            self.text = f"{username}/{otp}"

    @router.post("/v1/login", access="public", operation_id="login", summary="Log in")
    async def log_in(login: Annotated[Login, Depends()]) -> dict[str, str]:
        return {"text": login.text}

    answer = await call(router, "POST", "/v1/login", data={"username": "a", "otp": "1"})
    assert answer.json() == {"text": "a/1"}


async def test_the_raw_body_can_be_read_by_the_operation(router: Router) -> None:
    @router.post("/v1/hook/{name}", access="public", operation_id="hook", summary="Hook")
    async def hook(name: str, request: Request) -> dict[str, Any]:
        body = await request.body()
        return {"name": request.path_params["name"], "size": len(body), "is": name}

    answer = await call(router, "POST", "/v1/hook/bank", content=b"anything")
    assert answer.json() == {"name": "bank", "size": 8, "is": "bank"}


async def test_names_are_those_that_are_documented(router: Router) -> None:
    class Named(Model):
        kind: str = Field(validation_alias="type")

    @router.get("/v1/named", access="public", operation_id="named", summary="Named")
    async def named(
        query: Annotated[Named, Query()],
        day: Annotated[str, Query(validation_alias="on")],
        x_raw: Annotated[str, Header(convert_underscores=False)],
    ) -> dict[str, str]:
        return {"kind": query.kind, "day": day, "raw": x_raw}

    answer = await call(router, "GET", "/v1/named?type=a&on=b", headers={"X_Raw": "c"})
    assert answer.json() == {"kind": "a", "day": "b", "raw": "c"}
    (path,) = till(router).openapi()["paths"].values()
    assert [one["name"] for one in path["get"]["parameters"]] == ["type", "on", "x_raw"]


@pytest.mark.check(7)
async def test_only_documented_fields_leave(router: Router) -> None:
    class Detailed(Receipt):
        secret_note: str = "hush"

    class Row:
        text = "from a row"
        secret_note = "hush"

    @router.get("/v1/{what}", access="public", operation_id="what", summary="What")
    async def answer(what: str) -> Receipt:
        return Detailed(text="from a subclass") if what == "subclass" else Row()  # type: ignore[return-value]

    assert (await call(router, "GET", "/v1/row")).json() == {"text": "from a row"}
    assert (await call(router, "GET", "/v1/subclass")).json() == {"text": "from a subclass"}


async def test_an_answer_sets_status_and_headers(router: Router) -> None:
    @router.post(
        "/v1/make", access="public", operation_id="make", summary="Make", response_model=Receipt
    )
    async def make() -> Answer:
        return Answer(202, Receipt(text="soon"), {"Location": "/v1/made/7"})

    answer = await call(router, "POST", "/v1/make")
    assert (answer.status_code, answer.headers["location"]) == (202, "/v1/made/7")
    assert answer.json() == {"text": "soon"}
    assert answer.headers["content-type"] == "application/json"


async def test_a_status_is_declared(router: Router) -> None:
    @router.post("/v1/a", access="public", operation_id="a", summary="a", status_code=201)
    async def made() -> Receipt:
        return Receipt(text="made")

    @router.delete("/v1/a", access="public", operation_id="b", summary="b")
    async def gone() -> None:
        """Remove."""

    @router.put("/v1/a", access="public", operation_id="c", summary="c")
    async def put() -> None:
        """Put."""

    @router.patch("/v1/a", access="public", operation_id="d", summary="d")
    async def patched() -> list[Receipt]:
        return [Receipt(text="x")]

    assert (await call(router, "POST", "/v1/a")).status_code == 201
    deleted = await call(router, "DELETE", "/v1/a")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "content-length" not in deleted.headers
    assert (await call(router, "PUT", "/v1/a")).json() is None
    assert (await call(router, "PATCH", "/v1/a")).json() == [{"text": "x"}]


async def test_other_kinds_of_answers_pass_and_are_completed(router: Router) -> None:
    @router.get("/v1/text", access="public", operation_id="text", summary="Text")
    async def text() -> PlainTextResponse:
        return PlainTextResponse("hello", headers={"Cache-Control": "public, max-age=60"})

    @router.get("/v1/stream", access="public", operation_id="stream", summary="Stream")
    async def stream() -> StreamingResponse:
        async def events() -> Any:
            yield "data: 1\n\n"
            yield "data: 2\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    plain = await call(router, "GET", "/v1/text")
    assert (plain.text, plain.headers["cache-control"]) == ("hello", "public, max-age=60")
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.headers["x-content-type-options"] == "nosniff"
    events = await call(router, "GET", "/v1/stream")
    assert events.text == "data: 1\n\ndata: 2\n\n"
    assert events.headers["cache-control"] == "no-store"


async def test_a_page_with_more_to_come_links_to_the_next(router: Router) -> None:
    @router.get("/v1/pages", access="public", operation_id="pages", summary="Pages")
    async def pages(cursor: str | None = None, kind: str | None = None) -> Page[Receipt]:
        return Page[Receipt](
            items=[Receipt(text=str(kind))], next_cursor=None if cursor else "abc_-"
        )

    first = await call(router, "GET", "/v1/pages?kind=a%26b")
    assert first.json() == {"items": [{"text": "a&b"}], "next_cursor": "abc_-"}
    assert first.headers["link"] == '<?kind=a%26b&cursor=abc_->; rel="next"'
    assert str(first.next_request) == "None"
    last = await call(router, "GET", "/v1/pages?kind=a&cursor=abc_-")
    assert last.json()["next_cursor"] is None
    assert "link" not in last.headers


class TestOtherBodies:
    """An operation may admit bodies that are no JSON, by a reader of its own."""

    @pytest.fixture
    def lines(self, router: Router) -> Router:
        def read(body: bytes) -> ForeignBody:
            names = body.decode().split(";")
            document = [{"name": name} for name in names]
            return ForeignBody(document, lambda f: replace(f, pointer=f"/name{f.pointer[1]}"))

        @router.post(
            "/v1/lines",
            access="public",
            operation_id="add_lines",
            summary="Lines",
            other_bodies={"text/x-names": read},
        )
        async def add_lines(lines: list[Line]) -> Receipt:
            return Receipt(text=",".join(line.name for line in lines))

        return router

    async def test_it_says_the_same_as_json(self, lines: Router) -> None:
        names = {"content": b"tea;cake", "headers": {"Content-Type": "text/x-names; charset=utf-8"}}
        read = await call(lines, "POST", "/v1/lines", **names)
        json = await call(lines, "POST", "/v1/lines", json=[{"name": "tea"}, {"name": "cake"}])
        assert read.json() == json.json() == {"text": "tea,cake"}

    @pytest.mark.parametrize("names", ["tea;;x", "tea;\0;x"])
    async def test_its_faults_are_placed_by_the_reader(self, lines: Router, names: str) -> None:
        headers = {"Content-Type": "text/x-names"}
        answer = await call(lines, "POST", "/v1/lines", content=names, headers=headers)
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/name1"]

    async def test_others_are_still_refused(self, lines: Router) -> None:
        headers = {"Content-Type": "text/x-other"}
        answer = await call(lines, "POST", "/v1/lines", content=b"x", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "content_type_unsupported")

    async def test_a_long_body_is_read_as_a_short_one(self, lines: Router) -> None:
        content = b";".join([b"tea"] * 15_000)
        assert len(content) > LONG_BODY_BYTES
        headers = {"Content-Type": "text/x-names"}
        answer = await call(lines, "POST", "/v1/lines", content=content, headers=headers)
        assert answer.json()["text"].count("tea") == 15_000
        refused = await call(lines, "POST", "/v1/lines", content=content + b";", headers=headers)
        assert refused.status_code == 422

    async def test_it_is_documented(self, lines: Router) -> None:
        document = till(lines).openapi()
        content = document["paths"]["/v1/lines"]["post"]["requestBody"]["content"]
        assert set(content) == {"application/json", "text/x-names"}
