"""kit.web.app, openapi, docs and health: what every service answers and how it is described."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, ClassVar
from uuid import UUID

import jsonschema
import pytest
from fastapi import APIRouter, FastAPI, Form, Header, Query
from starlette.middleware.gzip import GZipMiddleware

from kit import money
from kit.money import CurrencyUnknown
from kit.refusals import NotFound, Refusal, catalogue
from kit.web.app import create_app
from kit.web.identity import Caller
from kit.web.openapi import problems
from kit.web.routes import Router
from kit.web.schemas import Model, Page

from .conftest import TillSettings, asgi, serve, till


class Coin(Model):
    worth: str


class TillClosed(Refusal):
    code = "till_closed"
    status = 409
    title_en = "Till closed"
    title_ru = "Касса закрыта"
    samples: ClassVar = {"hour": 9}
    detail_en = "Come back at {hour}."
    detail_ru = "Возвращайтесь в {hour}."


def coins() -> Router:
    router = Router(tags=["coins"])

    @router.post(
        "/v1/coins",
        access="user",
        operation_id="drop_coin",
        summary="Drop a coin",
        refusals=(TillClosed, CurrencyUnknown),
        status_code=201,
        is_idempotent=True,
        tags=["money"],
    )
    async def drop_coin(coin: Coin, caller: Caller) -> Coin:
        """Drop it into the till."""
        return coin

    @router.get("/v1/coins/{id}", access="admin", operation_id="get_coin", summary="A coin")
    async def get_coin(id: UUID, limit: Annotated[int, Query()] = 1) -> Coin:  # noqa: A002
        raise NotFound

    @router.get("/v1/till", access="public", operation_id="get_till", summary="The till")
    async def get_till(x_mood: Annotated[str, Header()] = "") -> Coin:
        raise NotFound

    @router.post("/v1/form", access="service", operation_id="fill", summary="Fill a form")
    async def fill(name: Annotated[str, Form()]) -> Coin:
        raise NotFound

    return router


@pytest.fixture
def document() -> dict[str, Any]:
    app = create_app(
        name="till",
        title="Till",
        description="A till.",
        settings=TillSettings(),
        refusals=[TillClosed, *catalogue(money)],
        routers=[coins()],
        tags=[{"name": "coins", "description": "Coins."}],
    )
    return app.openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }


def codes(operation: dict[str, Any], status: str) -> set[str]:
    return set(operation["responses"][status]["content"]["application/problem+json"]["examples"])


def test_every_operation_says_who_may_call_it(document: dict[str, Any]) -> None:
    by_id = operations(document)

    assert {name: operation["x-access"] for name, operation in by_id.items()} == {
        "drop_coin": "user",
        "get_coin": "admin",
        "get_till": "public",
        "fill": "service",
    }
    assert by_id["get_till"]["security"] == []
    assert by_id["drop_coin"]["security"] == [{"password": []}, {"bearer": []}]
    assert by_id["fill"]["security"] == [{"service": []}, {"bearer": []}]
    flows = document["components"]["securitySchemes"]["password"]["flows"]
    assert flows["password"]["tokenUrl"] == "/v1/auth/token"


def test_every_operation_documents_its_problems(document: dict[str, Any]) -> None:
    by_id = operations(document)
    drop, one, shown, fill = (by_id[n] for n in ("drop_coin", "get_coin", "get_till", "fill"))

    assert list(drop["responses"]) == [
        *("201", "400", "401", "403", "409", "413", "415", "422", "429", "500", "503")
    ]
    assert codes(drop, "409") == {"till_closed", "idempotency_in_flight"}
    assert codes(drop, "422") == {
        "validation_failed",
        "idempotency_key_reused",
        "currency_unknown",
    }
    assert codes(drop, "400") == {"body_unreadable", "idempotency_key_malformed", "query_invalid"}
    assert codes(one, "403") == {"forbidden", "not_for_keys"}
    assert codes(drop, "403") == {"not_for_keys"}
    assert codes(one, "404") == {"not_found"}
    assert codes(one, "400") == {"query_invalid"}
    assert codes(shown, "422") == {"validation_failed"}
    assert "401" not in shown["responses"]
    assert codes(fill, "415") == {"content_type_unsupported"}
    assert codes(fill, "403") == {"forbidden"}


def test_the_examples_of_problems_fit_their_schema(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            content = answer["content"].get("application/problem+json")
            if content is None:
                continue
            name = content["schema"]["$ref"].rpartition("/")[2]
            _, codes_of_it = document["components"]["schemas"][name]["allOf"]
            assert content["examples"].keys() <= set(codes_of_it["properties"]["code"]["enum"])
            for example in content["examples"].values():
                schema = {**content["schema"], "components": document["components"]}
                jsonschema.validate(example["value"], schema)  # type: ignore[no-untyped-call]
                assert str(example["value"]["status"]) == status


def test_the_idempotency_key_is_documented_where_it_counts(document: dict[str, Any]) -> None:
    by_id = operations(document)

    assert [p["name"] for p in by_id["drop_coin"]["parameters"]] == ["Idempotency-Key"]
    assert by_id["drop_coin"]["tags"] == ["coins", "money"]
    assert "parameters" not in by_id["fill"]


def test_the_catalogue_of_problems_is_part_of_the_document(document: dict[str, Any]) -> None:
    problems = {problem["code"]: problem for problem in document["x-problems"]}

    assert problems["till_closed"] == {
        "code": "till_closed",
        "status": 409,
        "title": {"en": "Till closed", "ru": "Касса закрыта"},
        "detail": {"en": "Come back at 9.", "ru": "Возвращайтесь в 9."},
    }
    assert "unavailable" in problems
    assert list(problems) == sorted(problems)


def test_the_frameworks_own_error_models_are_not_in_the_document(
    document: dict[str, Any],
) -> None:
    schemas = set(document["components"]["schemas"])
    assert {name for name in schemas if not name.endswith("Problem")} == {
        "BodyFill",
        "Coin",
        "Fault",
    }
    assert "HTTPValidationError" not in str(document)


def test_probes_and_docs_are_not_in_the_document(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {"/v1/coins", "/v1/coins/{id}", "/v1/till", "/v1/form"}
    assert document["info"] == {"title": "Till", "version": "1.0.0", "description": "A till."}
    assert document["tags"] == [{"name": "coins", "description": "Coins."}]


def test_each_operation_names_its_own_codes_and_the_headers_it_sends(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    codes_of_it = schemas["DropCoinProblem"]["allOf"][1]["properties"]["code"]["enum"]
    assert {"till_closed", "idempotency_key_reused", "unavailable"} <= set(codes_of_it)
    assert "forbidden" not in codes_of_it
    answers = operations(document)["drop_coin"]["responses"]
    assert {"X-Request-Id", "Idempotency-Replayed"} <= answers["201"]["headers"].keys()
    assert "Retry-After" in answers["503"]["headers"]
    assert "WWW-Authenticate" in answers["401"]["headers"]
    assert all(
        header["$ref"].rpartition("/")[2] in document["components"]["headers"]
        for answer in answers.values()
        for header in answer["headers"].values()
    )


def test_a_refusal_filled_with_what_has_no_sample_is_a_mistake() -> None:
    class Odd(Refusal):
        code = "odd"
        status = 409
        title_en = title_ru = "Odd"
        detail_en = detail_ru = "{nobody_knows_this}"

    with pytest.raises(ValueError, match="Odd: 'nobody_knows_this' has no sample"):
        problems.example(Odd)


def test_a_page_is_named_after_what_stands_on_it() -> None:
    class CoinAnswer(Model):
        pass

    assert Page[CoinAnswer].__name__ == "CoinPage"


def test_a_refusal_outside_the_catalogue_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"drop_coin: .*TillClosed"):
        till(coins()).openapi()


async def test_the_document_is_served() -> None:
    app = till()
    async with serve(app) as client:
        answer = await client.get("/openapi.json")

    assert answer.json()["openapi"].startswith("3.1")
    assert app.openapi() is app.openapi()


async def test_its_paths_are_served_without_making_the_document(router: Router) -> None:
    @router.get("/v1/coins/{coin}", access="public", operation_id="coin", summary="A coin")
    async def coin(coin: int) -> int:
        return coin

    app = till(router)
    async with serve(app) as client:
        answer = await client.get("/openapi/paths.json")

    assert app.openapi_schema is None
    assert answer.json() == list(app.openapi()["paths"]) == ["/v1/coins/{coin}"]


async def test_nobody_waits_while_the_document_is_made() -> None:
    made_in: list[int] = []

    def describe(document: dict[str, Any]) -> dict[str, Any]:
        made_in.append(threading.get_ident())
        return document

    app = create_app(
        name="till",
        title="Till",
        description="A till.",
        settings=TillSettings(),
        refusals=[],
        routers=[],
        describe=describe,
    )
    async with serve(app) as client:
        assert (await client.get("/openapi.json")).json()["openapi"]
    assert len(made_in) == 1
    assert made_in != [threading.get_ident()]


async def test_docs_are_served_by_us_outside_production() -> None:
    async with serve(till()) as client:
        page = await client.get("/docs")
        parts = ["/docs/start.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"]
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "script-src 'self'" in page.headers["content-security-policy"]
        for part in parts:
            assert part in page.text
            assert (await client.get(part)).status_code == 200
        assert "http" not in page.text


@pytest.mark.check(60, 65)
async def test_docs_are_not_served_in_production() -> None:
    secret = "q8vW2zL0xN5rT7yU1iO3pA6sD9fG4hJk"
    async with serve(till(environment="production", cursor_secret=secret)) as client:
        assert (await client.get("/docs")).status_code == 404
        assert (await client.get("/openapi.json")).status_code == 200


async def test_a_service_lives_as_long_as_it_answers() -> None:
    async with serve(till()) as client:
        answer = await client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_a_service_is_ready_when_all_it_leans_on_answers() -> None:
    async def fine() -> None:
        """Answer."""

    async def broken() -> None:
        raise ConnectionError("hunter2@database")

    app = till()
    async with serve(app) as client:
        assert (await client.get("/health/ready")).json() == {"status": "ready", "checks": {}}
        app.state.readiness["database"] = fine
        assert (await client.get("/health/ready")).status_code == 200
        app.state.readiness["broker"] = broken
        answer = await client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "checks": {"database": "ok", "broker": "failed"},
    }


async def test_a_service_without_the_broker_is_degraded_and_goes_on() -> None:
    async def fine() -> None:
        """Answer."""

    async def broken() -> None:
        raise ConnectionError

    app = till()
    app.state.readiness = {"postgresql": fine, "rabbitmq": broken}
    async with serve(app) as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        app.state.readiness["postgresql"] = broken
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


async def test_a_check_that_never_ends_has_failed() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    app = till()
    app.state.readiness["database"] = never
    app.state.readiness_seconds = 0.01
    async with serve(app) as client:
        answer = await client.get("/health/ready")

    assert answer.status_code == 503


def test_operations_without_an_access_level_can_not_be_added() -> None:
    app = till()
    with pytest.raises(TypeError):
        app.include_router(APIRouter())
    with pytest.raises(TypeError):
        app.include_router(Router(tags=["x"]), prefix="/x")


@pytest.mark.check(65)
async def test_a_route_added_behind_the_factorys_back_stops_the_app() -> None:
    app = till()
    app.add_route("/back-door", lambda _: None)  # type: ignore[arg-type, return-value]

    with pytest.raises(TypeError, match="not declared"):
        await asgi(app, {"path": "/back-door"})


async def test_operations_may_be_added_after_the_first_request() -> None:
    app = till()
    async with serve(app) as client:
        assert (await client.get("/v1/till")).status_code == 404
        app.include_router(coins())
        assert (await client.get("/v1/till")).json()["code"] == "not_found"
        assert (await client.get("/v1/coins/x")).status_code == 401


async def test_the_lifespan_opens_and_closes() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        seen.append("opened")
        yield
        seen.append("closed")

    app = create_app(
        name="till",
        title="Till",
        description="",
        settings=TillSettings(),
        refusals=[],
    )
    app.router.lifespan_context = lifespan
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = await asgi(app, {"type": "lifespan", "state": {}}, messages)

    assert seen == ["opened", "closed"]
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_what_the_app_would_not_heed_is_refused(router: Router) -> None:
    app = till(router)
    with pytest.raises(TypeError, match="middleware"):
        app.add_middleware(GZipMiddleware)
    with pytest.raises(TypeError, match="Refusal"):
        app.add_exception_handler(ValueError, lambda *_: None)
    app.dependency_overrides[till] = till
    with pytest.raises(TypeError, match="overrides"):
        app.build_middleware_stack()
