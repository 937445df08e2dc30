"""kit.web.openapi.operations: what the document says of one operation."""

from typing import Any

from pydantic import ConfigDict
from starlette.responses import Response

from kit.web.answers import Answer
from kit.web.prefer import PreferWait
from kit.web.routes import Router
from kit.web.schemas import Model, Page

from .conftest import till


class Coin(Model):
    worth: str


def described(router: Router, operation_id: str) -> Any:
    document = till(router).openapi()
    by_id = {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }
    return by_id[operation_id]


def test_an_answer_without_a_model_has_the_content_that_is_declared_and_no_other(
    router: Router,
) -> None:
    text = {"text/plain": {"schema": {"type": "string"}}}

    @router.get(
        "/v1/receipt",
        access="public",
        operation_id="print_receipt",
        summary="Print a receipt",
        response_model=None,
        responses={
            200: {"description": "The receipt.", "content": text},
            204: {"description": "There is none."},
        },
    )
    async def print_receipt() -> Response:
        return Answer(204)

    answers = described(router, "print_receipt")["responses"]
    assert answers["200"]["content"] == text
    assert answers["204"]["description"] == "There is none."
    assert "content" not in answers["204"]
    assert answers["200"]["headers"].keys() == answers["204"]["headers"].keys() == {"X-Request-Id"}


def test_the_examples_that_are_declared_stand_beside_their_model(router: Router) -> None:
    @router.post(
        "/v1/coins",
        access="user",
        operation_id="drop_coin",
        summary="Drop a coin",
        status_code=201,
        is_idempotent=True,
        answer_examples={201: {"worth": "0.50"}},
    )
    async def drop_coin(coin: Coin) -> Coin:
        return coin

    made = described(router, "drop_coin")["responses"]["201"]
    assert made["content"]["application/json"]["example"] == {"worth": "0.50"}
    assert made["headers"].keys() == {"X-Request-Id", "Idempotency-Replayed"}


def test_a_page_links_to_the_next_one_and_a_preference_that_is_asked_for_is_applied(
    router: Router,
) -> None:
    @router.get("/v1/coins", access="public", operation_id="list_coins", summary="List coins")
    async def list_coins() -> Page[Coin]:
        return Page(items=[], next_cursor=None)

    @router.get("/v1/coin", access="public", operation_id="get_coin", summary="Show a coin")
    async def get_coin(wait: PreferWait) -> Coin:
        return Coin(worth=str(wait))

    listed, shown = described(router, "list_coins"), described(router, "get_coin")
    assert listed["responses"]["200"]["headers"].keys() == {"X-Request-Id", "Link"}
    assert shown["responses"]["200"]["headers"].keys() == {"X-Request-Id", "Preference-Applied"}


def test_examples_of_models_are_shown_as_declared_nulls_included(router: Router) -> None:
    class Note(Model):
        model_config = ConfigDict(json_schema_extra={"examples": [{"text": None}]})

        text: str | None

    @router.post("/v1/notes", access="public", operation_id="note", summary="Take a note")
    async def note(given: Note) -> Note:
        return given

    document = till(router).openapi()
    assert document["components"]["schemas"]["Note"]["examples"] == [{"text": None}]
