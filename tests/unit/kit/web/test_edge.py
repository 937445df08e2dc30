"""kit.web.serving.edge: what happens to every request."""

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from fastapi import HTTPException
from prometheus_client import REGISTRY
from starlette.responses import StreamingResponse

from kit import context, logs
from kit.http import LINGER_BYTES
from kit.refusals import NotFound
from kit.settings import EnvironmentSettings
from kit.web.routes import Router
from kit.web.schemas import Model

from .conftest import ALICE, asgi, bearer, serve, till

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


FAILURES = {
    "refusal": NotFound(),
    "framework": HTTPException(status_code=418, headers={"X-Pot": "tea"}),
    "framework_404": HTTPException(status_code=404),
    "framework_500": HTTPException(status_code=500, detail="hunter2"),
    "outage": ConnectionRefusedError("hunter2"),
    "fault": ValueError("hunter2 in /srv/secret.py: SELECT"),
}


class Seen(Model):
    request_id: str | None
    traceparent: str | None
    correlation_id: str | None


class Text(Model):
    text: str


@pytest.fixture
def operations(router: Router) -> Router:
    @router.get("/v1/context", access="public", operation_id="context", summary="Context")
    async def seen() -> Seen:
        now = context.current()
        return Seen(
            request_id=now.request_id,
            traceparent=now.traceparent,
            correlation_id=now.correlation_id,
        )

    @router.post("/v1/texts", access="public", operation_id="texts", summary="Texts")
    async def texts(text: Text) -> Text:
        return text

    @router.post(
        "/v1/imports",
        access="public",
        operation_id="imports",
        summary="Imports",
        max_body_bytes=5000,
    )
    async def imports(text: Text) -> None:
        """Take more than others do."""

    @router.get("/v1/mine", access="user", operation_id="mine", summary="Mine")
    async def mine() -> None:
        """Answer."""

    @router.get("/v1/fails/{how}", access="public", operation_id="fails", summary="Fails")
    async def fails(how: str) -> StreamingResponse:
        async def chunks() -> Any:
            yield b"some"
            raise ValueError("hunter2 in /srv/secret.py")

        if how in FAILURES:
            raise FAILURES[how]
        return StreamingResponse(chunks())

    return router


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    before = structlog.get_config()
    import logging

    handlers, level = logging.root.handlers[:], logging.root.level
    stream = io.StringIO()
    logs.configure("till", EnvironmentSettings(), stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.configure(**before)


async def events(stream: io.StringIO) -> list[dict[str, Any]]:
    await asyncio.sleep(0)  # what a turn of the loop has told leaves at its end
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_a_request_keeps_its_id_and_trace(operations: Router) -> None:
    async with serve(till(operations)) as client:
        answer = await client.get(
            "/v1/context", headers={"X-Request-Id": "order-7:a.b", "traceparent": TRACE}
        )

    assert answer.headers["x-request-id"] == "order-7:a.b"
    assert answer.json() == {
        "request_id": "order-7:a.b",
        "traceparent": TRACE,
        "correlation_id": "order-7:a.b",
    }
    assert context.current() == context.Context()


@pytest.mark.check(44)
@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "é", "a\tb", '"><script>'])
async def test_an_id_that_could_do_harm_is_replaced(operations: Router, given: str) -> None:
    async with serve(till(operations)) as client:
        answer = await client.get(
            "/v1/context",
            headers={b"X-Request-Id": given.encode("latin-1")},
        )

    assert len(answer.headers["x-request-id"]) == 36
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736x00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473z-00f067aa0ba902b7-01",
    ],
)
async def test_a_broken_trace_is_begun_anew(operations: Router, given: str) -> None:
    async with serve(till(operations)) as client:
        answer = await client.get("/v1/context", headers={"traceparent": given})

    begun = answer.json()["traceparent"]
    assert begun != given
    assert [len(part) for part in begun.split("-")] == [2, 32, 16, 2]


@pytest.mark.check(62)
async def test_every_answer_has_the_security_headers(operations: Router) -> None:
    async with serve(till(operations)) as client:
        answers = [
            await client.get("/v1/context"),
            await client.get("/nowhere"),
            await client.get("/v1/mine"),
            await client.get("/v1/fails/fault"),
            await client.get("/v1/mine", headers=bearer("alice")),
        ]

    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"]
        assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/nowhere", "/v1", "/v1/../v1/context", "/V1/context"])
async def test_an_unknown_path_is_a_404_problem(operations: Router, path: str) -> None:
    (start, body) = await asgi(till(operations), {"path": path})

    assert start["status"] == 404
    assert dict(start["headers"])[b"content-type"] == b"application/problem+json"
    assert json.loads(body["body"])["code"] == "not_found"


@pytest.mark.check(5)
@pytest.mark.parametrize("method", ["PUT", "TRACE", "DELETE", "POST", "FOO"])
async def test_another_method_is_a_405_problem(operations: Router, method: str) -> None:
    async with serve(till(operations)) as client:
        answer = await client.request(
            method, "/v1/context", headers={"X-HTTP-Method-Override": "GET"}
        )

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_options_says_the_methods_of_a_path_to_anybody(operations: Router) -> None:
    async with serve(till(operations)) as client:
        answer = await client.options("/v1/mine")
        unknown = await client.options("/v1/nothing")

    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert answer.content == b""
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/v1/contexts", "/v1/context"),
        ("/context", "/v1/context"),
        ("/api/v1/context/", "/v1/context"),
        ("/v1/Context", "/v1/context"),
        ("/v1/nothing/like/it", None),
        ("/healht/live", None),  # not for callers
        ("/v1/" + "context" * 999, None),  # comparing would take long
    ],
)
async def test_a_mistyped_path_says_which_is_near(
    operations: Router, path: str, near: str | None
) -> None:
    async with serve(till(operations)) as client:
        answer = await client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ("near" in answer.json()["detail"]) is (near is not None)
    assert near is None or f"{near} " in answer.json()["detail"]


async def test_a_slash_at_the_end_is_the_same_route_and_no_redirect(operations: Router) -> None:
    async with serve(till(operations)) as client:
        answer = await client.get("/v1/context/")

    assert answer.status_code == 200


@pytest.mark.check(58)
@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("refusal", 404, "not_found"),
        ("framework", 418, "request_refused"),
        ("framework_404", 404, "not_found"),
        ("framework_500", 500, "internal_error"),
        ("outage", 503, "unavailable"),
        ("fault", 500, "internal_error"),
    ],
)
async def test_whatever_is_raised_becomes_a_problem_without_inner_detail(
    operations: Router, how: str, status: int, code: str
) -> None:
    async with serve(till(operations)) as client:
        answer = await client.get(f"/v1/fails/{how}", headers={"Accept-Language": "ru"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "ru"
    for inner in ("hunter2", "secret.py", "SELECT", "Traceback", "ValueError"):
        assert inner not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)
    assert answer.headers.get("x-pot") == ("tea" if how == "framework" else None)


async def test_a_fault_is_logged_with_its_trace(operations: Router, log_lines: io.StringIO) -> None:
    async with serve(till(operations)) as client:
        answer = await client.get("/v1/fails/fault")

    fault, request = await events(log_lines)
    assert fault["event"] == "unhandled"
    assert "ValueError" in fault["exception"]
    assert fault["request_id"] == answer.json()["request_id"]
    assert request["status"] == 500


async def test_an_answer_that_breaks_halfway_is_cut_off_and_logged(
    operations: Router, log_lines: io.StringIO
) -> None:
    with pytest.raises(ValueError, match="hunter2"):
        await asgi(till(operations), {"path": "/v1/fails/halfway"})

    assert [event["event"] for event in await events(log_lines)] == ["unhandled", "request"]


async def test_a_request_is_logged_once_without_its_query_string(
    operations: Router, log_lines: io.StringIO
) -> None:
    async with serve(till(operations)) as client:
        await client.get("/v1/mine?token=hunter2", headers=bearer("alice"))
        await client.get("/nowhere")
        await client.get("/health/live")

    mine, nowhere = await events(log_lines)
    assert (mine["event"], mine["method"], mine["path"]) == ("request", "GET", "/v1/mine")
    assert (mine["route"], mine["status"], mine["subject"]) == ("/v1/mine", 422, str(ALICE))
    assert mine["request_id"]
    assert mine["traceparent"]
    assert mine["milliseconds"] >= 0
    assert (nowhere["route"], nowhere["status"]) == ("none", 404)
    assert "hunter2" not in log_lines.getvalue()


@pytest.mark.check(59)
async def test_a_path_can_not_forge_a_log_line(operations: Router, log_lines: io.StringIO) -> None:
    async with serve(till(operations)) as client:
        await client.get('/v1/x%0d%0a{"event":"forged"}%e2%80%a8')

    assert len(await events(log_lines)) == 1


async def test_requests_are_counted_by_route_and_status(operations: Router) -> None:
    def count(**labels: str) -> float:
        labels |= {"service": "till"}
        return REGISTRY.get_sample_value("http_requests_total", labels) or 0.0

    known = {"method": "GET", "route": "/v1/fails/{how}", "status": "404"}
    unknown = {"method": "any", "route": "none", "status": "404"}
    before = count(**known), count(**unknown)
    async with serve(till(operations)) as client:
        await client.get("/v1/fails/refusal")
        await client.get("/v1/fails/refusal")
        await client.get("/random-7")
        await client.request("FOO", "/random-8")
        exposed = (await client.get("/metrics")).text

    assert count(**known) == before[0] + 2
    assert count(**unknown) == before[1] + 2
    assert 'http_request_seconds_bucket{le="0.001",method="GET",route="/v1/fails/{how}"' in exposed
    assert "random" not in exposed


async def test_a_body_over_the_limit_is_refused_before_it_is_read(operations: Router) -> None:
    app = till(operations, max_body_bytes=1024)
    headers = [(b"content-length", b"1025"), (b"content-type", b"application/json")]
    scope = {"method": "POST", "path": "/v1/texts", "headers": headers}
    start, body, end = await asgi(app, scope, [{"type": "http.disconnect"}])

    assert start["status"] == 413
    assert json.loads(body["body"])["detail"] == "The body may have at most 1024 bytes."
    assert (body["more_body"], end["body"]) == (True, b"")
    assert dict(start["headers"])[b"connection"] == b"close"


async def test_a_body_of_unknown_length_is_cut_off_at_the_limit(operations: Router) -> None:
    app = till(operations, max_body_bytes=1024)
    headers = [(b"transfer-encoding", b"chunked"), (b"content-type", b"application/json")]
    scope = {"method": "POST", "path": "/v1/texts", "headers": headers}
    chunk = {"type": "http.request", "body": b"x" * 600, "more_body": True}
    start, *_ = await asgi(app, scope, [chunk, chunk, chunk])

    assert start["status"] == 413


@pytest.mark.parametrize(("pieces", "left"), [(3, 0), (100, 96)])
async def test_after_a_refusal_the_rest_is_taken_in_but_not_for_ever(
    operations: Router, pieces: int, left: int
) -> None:
    app = till(operations, max_body_bytes=1024)
    length = LINGER_BYTES // 4
    waiting = [{"type": "http.request", "body": b"x" * length, "more_body": True}] * pieces
    waiting[-1] = {"type": "http.request", "body": b"", "more_body": False}
    answered: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        answered.append((message["type"], len(waiting)))

    scope = {"type": "http", "method": "POST", "path": "/v1/texts", "query_string": b""}
    headers = [(b"content-length", str(pieces * length).encode())]
    await app({**scope, "headers": headers}, receive, send)
    assert answered == [
        ("http.response.start", pieces),
        ("http.response.body", pieces),
        ("http.response.body", left),
    ]


@pytest.mark.parametrize("length", [b"x", b"-1", b"1e3", b"9" * 40])
async def test_a_senseless_length_is_refused(operations: Router, length: bytes) -> None:
    scope = {"method": "POST", "path": "/v1/texts", "headers": [(b"content-length", length)]}
    start, *_ = await asgi(till(operations), scope)

    assert start["status"] == 413


async def test_an_operation_may_have_a_limit_of_its_own(operations: Router) -> None:
    async with serve(till(operations, max_body_bytes=1024)) as client:
        document = {"text": "x" * 4000}
        assert (await client.post("/v1/texts", json=document)).status_code == 413
        assert (await client.post("/v1/imports", json=document)).status_code == 200


@pytest.mark.parametrize(
    "name", [b"authorization", b"content-type", b"content-length", b"host", b"idempotency-key"]
)
async def test_a_header_that_may_come_once_is_refused_twice(
    operations: Router, name: bytes
) -> None:
    scope = {"path": "/v1/context", "headers": [(name, b"1"), (name, b"2")]}
    start, body = await asgi(till(operations), scope)

    assert start["status"] == 400
    assert json.loads(body["body"])["code"] == "request_refused"


async def test_other_headers_may_come_twice(operations: Router) -> None:
    scope = {"path": "/v1/context", "headers": [(b"via", b"1"), (b"via", b"2")]}
    start, _ = await asgi(till(operations), scope)

    assert start["status"] == 200


async def test_a_caller_who_leaves_is_neither_answered_nor_an_error(
    operations: Router, log_lines: io.StringIO
) -> None:
    headers = [(b"content-type", b"application/json")]
    scope = {"method": "POST", "path": "/v1/texts", "headers": headers}
    sent = await asgi(till(operations), scope, [{"type": "http.disconnect"}])

    assert sent == []
    (request,) = await events(log_lines)
    assert request["status"] == 499
