"""kit.web.oauth: refusals as a token endpoint says them (RFC 6749 §5.2)."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import Form, Query
from pydantic import BaseModel, ConfigDict

from kit import refusals as general
from kit.refusals import Refusal
from kit.web.oauth import error_of, status_of
from kit.web.openapi import problems
from kit.web.routes import Router

from .conftest import serve, till


def refusal(code: str, status: int) -> type[Refusal]:
    texts = dict.fromkeys(("title_en", "title_ru", "detail_en", "detail_ru"), "x")
    return type("Made", (Refusal,), {"code": code, "status": status, **texts})


@pytest.mark.parametrize(
    ("refused", "error", "status"),
    [
        (refusal("invalid_client", 401), "invalid_client", 401),
        (refusal("invalid_scope", 403), "invalid_scope", 400),
        (refusal("unsupported_grant_type", 422), "unsupported_grant_type", 400),
        (refusal("unsupported_response_type", 400), "unsupported_response_type", 400),
        (refusal("access_denied", 403), "access_denied", 400),
        (refusal("wrong_password", 401), "invalid_grant", 400),
        (refusal("account_locked", 403), "invalid_grant", 400),
        (refusal("already_used", 409), "invalid_grant", 400),
        (general.ValidationFailed, "invalid_request", 400),
        (general.BodyUnreadable, "invalid_request", 400),
        (general.NotFound, "invalid_request", 404),
        (general.MethodNotAllowed, "invalid_request", 405),
        (general.BodyTooLarge, "invalid_request", 413),
        (general.ContentTypeUnsupported, "invalid_request", 415),
        (general.InternalError, "server_error", 500),
        (general.Unavailable, "temporarily_unavailable", 503),
    ],
)
def test_each_refusal_has_the_rfcs_word_and_status(
    refused: type[Refusal], error: str, status: int
) -> None:
    assert (error_of(refused), status_of(refused)) == (error, status)


class WrongPassword(Refusal):
    code = "wrong_password"
    status = 401
    title_en = title_ru = "Wrong password"
    detail_en = '“Open” "sesame" \\ is wrong, café.'
    detail_ru = "Неверно."


@pytest.fixture
def token_endpoint(router: Router) -> Router:
    @router.post(
        "/v1/token",
        access="public",
        operation_id="token",
        summary="Give a token",
        speaks_oauth=True,
    )
    async def token(password: Annotated[str, Form()]) -> None:
        raise WrongPassword(headers={"WWW-Authenticate": "Bearer"})

    return router


async def asked(router: Router, **form: Any) -> httpx.Response:
    async with serve(till(router)) as client:
        return await client.post("/v1/token", data=form)


async def test_a_token_endpoint_refuses_by_the_rfc_and_keeps_the_problem(
    token_endpoint: Router,
) -> None:
    answer = await asked(token_endpoint, password="x")
    told = answer.json()
    assert (answer.status_code, told["status"]) == (400, 400)
    assert (told["code"], told["error"]) == ("wrong_password", "invalid_grant")
    assert told["error_description"] == "'Open' 'sesame' / is wrong, caf."
    assert "www-authenticate" not in answer.headers


async def test_what_it_can_not_read_is_told_by_the_rfc_too(token_endpoint: Router) -> None:
    answer = await asked(token_endpoint)
    told = answer.json()
    assert answer.status_code == 400
    assert (told["code"], told["error"]) == ("validation_failed", "invalid_request")
    assert [fault["pointer"] for fault in told["errors"]] == ["/password"]


async def test_a_type_that_it_does_not_read_keeps_its_status(token_endpoint: Router) -> None:
    async with serve(till(token_endpoint)) as client:
        answer = await client.post("/v1/token", json={"password": "x"})
    told = answer.json()
    assert (answer.status_code, told["status"]) == (415, 415)
    assert (told["code"], told["error"]) == ("content_type_unsupported", "invalid_request")


def test_a_document_shows_its_refusals_as_they_are_sent() -> None:
    described = problems.answers(
        [WrongPassword, general.ContentTypeUnsupported], "TokenProblem", speaks_oauth=True
    )
    shown = {
        code: (example["value"]["status"], example["value"]["error"])
        for answer in described.values()
        for code, example in answer["content"]["application/problem+json"]["examples"].items()
    }
    assert described.keys() == {"400", "415"}
    assert shown == {
        "wrong_password": (400, "invalid_grant"),
        "content_type_unsupported": (415, "invalid_request"),
    }


class Authorization(BaseModel):
    model_config = ConfigDict(extra="ignore")

    client_id: str | None = None


async def test_a_query_takes_what_it_does_not_know_where_its_model_says_so(router: Router) -> None:
    """RFC 6749 §3.1: the server ignores unrecognised parameters, and takes none twice."""

    @router.get("/v1/authorize", access="public", operation_id="authorize", summary="Log in")
    async def authorize(query: Annotated[Authorization, Query()]) -> dict[str, Any]:
        return query.model_dump()

    async with serve(till(router)) as client:
        answer = await client.get("/v1/authorize?client_id=a&nonce=1&prompt=login")
        twice = await client.get("/v1/authorize?nonce=1&nonce=2")
    assert (answer.status_code, answer.json()) == (200, {"client_id": "a"})
    assert (twice.status_code, twice.json()["code"]) == (400, "query_invalid")
