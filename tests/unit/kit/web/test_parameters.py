"""kit.web.serving.parameters and routes: what is not supported is refused when it is declared."""

from typing import Annotated, Any

import pytest
from fastapi import Body, Cookie, Depends, File, Form, Header, Query, Response, Security
from starlette import background
from starlette.responses import PlainTextResponse

from kit.web.routes import Router
from kit.web.schemas import Model


class Line(Model):
    name: str


class Lists(Model):
    names: list[str]


async def tea() -> str:
    return "tea"


async def line(line: Line) -> Line:
    return line


def declare(operation: Any) -> None:
    Router(tags=["till"]).post("/x/{id}", access="public", operation_id="x", summary="x")(operation)


def test_what_is_not_supported_is_refused_when_declared() -> None:
    async def cookies(id: str, flavour: Annotated[str, Cookie()]) -> None: ...  # noqa: A002
    async def uploads(id: str, file: Annotated[bytes, File()]) -> None: ...  # noqa: A002
    async def filled(id: str, response: Response) -> None: ...  # noqa: A002
    async def later(id: str, tasks: background.BackgroundTasks) -> None: ...  # noqa: A002
    async def scopes(id: str, who: Annotated[str, Security(tea, scopes=["x"])]) -> None: ...  # noqa: A002
    def synchronous(id: str) -> None: ...  # noqa: A002

    for operation in (cookies, uploads, filled, later, scopes, synchronous):
        with pytest.raises(TypeError):
            declare(operation)


def test_lists_of_texts_are_refused_as_a_name_may_come_once() -> None:
    async def lists(id: str, kind: Annotated[list[str] | None, Query()] = None) -> None: ...  # noqa: A002
    async def in_query(id: str, asked: Annotated[Lists, Query()]) -> None: ...  # noqa: A002
    async def in_form(id: str, asked: Annotated[Lists, Form()]) -> None: ...  # noqa: A002
    async def in_headers(id: str, asked: Annotated[Line, Header()]) -> None: ...  # noqa: A002

    for operation in (lists, in_query, in_form, in_headers):
        with pytest.raises(TypeError, match=r"lists in query|a model of headers"):
            declare(operation)


def test_a_body_is_one_value_or_the_fields_of_a_form() -> None:
    async def two_bodies(id: str, one: Line, two: Line) -> None: ...  # noqa: A002
    async def embedded(id: str, one: Annotated[Line, Body(embed=True)]) -> None: ...  # noqa: A002
    async def inner(id: str, one: Line, two: Annotated[Line, Depends(line)]) -> None: ...  # noqa: A002
    async def mixed(id: str, one: Annotated[Line, Form()], two: Annotated[str, Form()]) -> None: ...  # noqa: A002

    for operation in (two_bodies, embedded, inner, mixed):
        with pytest.raises(TypeError, match="a body is one value"):
            declare(operation)


def test_a_dependency_that_ends_after_the_answer_is_refused() -> None:
    async def unit_of_work() -> Any:
        yield "never committed in time"

    async def operation(id: str, uow: Annotated[str, Depends(unit_of_work)]) -> None: ...  # noqa: A002

    with pytest.raises(TypeError, match="after the answer"):
        declare(operation)


def test_what_only_fastapi_would_heed_can_not_be_declared(router: Router) -> None:
    unheeded: dict[str, Any] = {"dependencies": [], "response_model_exclude_none": True}
    with pytest.raises(TypeError, match="dependencies, response_model_exclude_none"):
        router.get("/x", access="public", operation_id="x", summary="x", **unheeded)


def test_text_is_not_declared_as_an_answer_that_would_be_json(router: Router) -> None:
    async def page() -> str:
        return "<p>hello</p>"

    with pytest.raises(TypeError, match="as a Response"):
        router.get(
            "/x", access="public", operation_id="x", summary="x", response_class=PlainTextResponse
        )(page)
