"""kit.logs: one line per event, with ids, without secrets."""

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog

from kit import context, logs
from kit.settings import EnvironmentSettings


class Captured(io.StringIO):
    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    before = structlog.get_config()
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.access").disabled = False
    structlog.configure(**before)


def fail(error: Exception) -> None:
    raise error


def configured(**settings: Any) -> Captured:
    stream = Captured()
    logs.configure("wallet", EnvironmentSettings(**settings), stream=stream)
    return stream


def test_a_line_is_one_json_object_with_service_level_and_time() -> None:
    stream = configured()
    logs.get_logger().info("opened", account=7)

    (event,) = stream.events()
    assert event.pop("at").endswith("Z")
    assert event == {"event": "opened", "account": 7, "level": "info", "service": "wallet"}


def test_ids_of_the_work_in_hand_are_on_every_line() -> None:
    stream = configured()
    with context.bind(request_id="r", traceparent="t", correlation_id="c", causation_id="m"):
        logs.get_logger().info("one")
    with context.bind(request_id="r", correlation_id="r"):
        logs.get_logger().info("two")

    one, two = stream.events()
    assert [
        one[key] for key in ("request_id", "traceparent", "correlation_id", "causation_id")
    ] == [
        "r",
        "t",
        "c",
        "m",
    ]
    assert "correlation_id" not in two
    assert "causation_id" not in two


def test_lines_below_the_level_are_not_written() -> None:
    stream = configured(log_level="WARNING")
    logs.get_logger().info("quiet")
    logging.getLogger("aio_pika").info("quiet")
    logs.get_logger().warning("loud")

    assert [event["event"] for event in stream.events()] == ["loud"]


@pytest.mark.check(59)
@pytest.mark.parametrize(
    "key",
    ["password", "access_token", "client_secret", "Authorization", "card_number", "set-cookie"],
)
def test_values_of_secret_names_are_removed_at_any_depth(key: str) -> None:
    stream = configured()
    logs.get_logger().info(
        "tried", **{key: "hunter2"}, inner={"list": [{key: "hunter2"}, (1, {key: "hunter2"})]}
    )

    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count(logs.REDACTED) == 3


def test_a_value_without_end_is_cut_off() -> None:
    stream = configured()
    endless: dict[str, Any] = {}
    endless["self"] = endless
    logs.get_logger().info("odd", value=endless)

    assert "…" in json.dumps(stream.events(), ensure_ascii=False)


@pytest.mark.check(59)
@pytest.mark.parametrize("separator", ["\n", "\r\n", "\u2028", "\u2029", "\x85", "\x1b[2K"])
def test_input_cannot_forge_a_line(separator: str) -> None:
    stream = configured()
    logs.get_logger().info(f"a{separator}b", path=f"c{separator}d")

    assert len(stream.getvalue().splitlines()) == 1
    assert separator not in stream.getvalue().rstrip("\n")


def test_a_lone_surrogate_does_not_break_the_caller() -> None:
    stream = configured()
    logs.get_logger().info("odd", value="\ud800")

    assert "\\ud800" in stream.getvalue()


def test_what_is_no_json_is_shown_as_its_repr() -> None:
    stream = configured()
    logs.get_logger().info("odd", value={1, 2}, other=b"x")

    (event,) = stream.events()
    assert (event["value"], event["other"]) == ("{1, 2}", "b'x'")


def test_exceptions_are_logged_with_their_trace_and_without_secrets() -> None:
    stream = configured()
    try:
        fail(ConnectionError("amqp://user:hunter2@mq/ refused"))
    except ConnectionError:
        logs.get_logger().exception("failed")

    (event,) = stream.events()
    assert "Traceback" in event["exception"]
    assert "hunter2" not in event["exception"]


def test_the_standard_library_logs_the_same_way() -> None:
    stream = configured()
    logging.getLogger("aio_pika").warning("connecting to %s", "amqp://user:hunter2@mq/")
    logging.getLogger("uvicorn.error").info("started")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    try:
        fail(LookupError())
    except LookupError:
        logging.getLogger("asyncio").exception("lost")

    connecting, started, old, lost = stream.events()
    assert (connecting["logger"], connecting["level"]) == ("aio_pika", "warning")
    assert "hunter2" not in connecting["event"]
    assert started["event"] == "started"
    assert old["logger"] == "py.warnings"
    assert "LookupError" in lost["exception"]


def test_a_broken_format_string_is_still_logged() -> None:
    stream = configured()
    logging.getLogger("careless").warning("%d apples", "many")

    assert stream.events()[0]["event"] == "%d apples"


def test_requests_are_not_logged_twice_nor_with_their_query_strings() -> None:
    stream = configured()
    logging.getLogger("uvicorn.access").info("GET /?token=x")
    logging.getLogger("httpx").info("HTTP Request: GET http://a/?token=x")
    logging.getLogger("httpx").warning("odd")

    assert [event["event"] for event in stream.events()] == ["odd"]


def test_a_reader_that_has_gone_does_not_break_the_work() -> None:
    stream = configured()
    stream.close()

    logs.get_logger().info("nobody listens")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abc.def-ghi123", f"Authorization: Bearer {logs.REDACTED}"),
        ("basic dXNlcjpwYXNz", f"basic {logs.REDACTED}"),
        ("got eyJhbGciOi.eyJzdWIiOiI.c2ln", f"got {logs.REDACTED}"),
        ("card 4242 4242-4242 4242!", f"card {logs.REDACTED}!"),
        ("redis://:hunter2@host/0", f"redis://:{logs.REDACTED}@host/0"),
        ("order 123456789012 of 2026-01-31", "order 123456789012 of 2026-01-31"),
        ("http://host:8000/path", "http://host:8000/path"),
    ],
)
def test_free_text_is_scrubbed(text: str, clean: str) -> None:
    assert logs.scrub(text) == clean


def test_a_line_of_a_request_is_as_any_other() -> None:
    stream = configured()
    with context.bind(request_id="r", traceparent="t"):
        logs.request(method="GET", path="/a\u2028b", status=200, subject=None)
        logs.get_logger().info("request", method="GET", path="/a\u2028b", status=200, subject=None)

    short, usual = stream.events()
    assert short.pop("at") <= usual.pop("at")
    assert short == usual


def test_a_line_of_a_request_below_the_level_is_not_written() -> None:
    stream = configured(log_level="WARNING")
    logs.request(method="GET")

    assert stream.events() == []


async def test_what_a_turn_of_the_loop_tells_leaves_at_its_end_by_one_call() -> None:
    stream = configured()
    for number in range(3):
        logs.get_logger().info("told", number=number)
    logs.request(method="GET")
    assert stream.writes == 0
    await asyncio.sleep(0)
    assert stream.writes == 1
    assert [event["event"] for event in stream.events()] == ["told"] * 3 + ["request"]
    logs.request(method="GET")
    await asyncio.sleep(0)
    assert stream.writes == 2


async def test_a_warning_leaves_at_once_with_all_before_it() -> None:
    stream = configured()
    logs.get_logger().info("before")
    logging.getLogger("aio_pika").warning("lost")
    assert stream.writes == 1
    assert [event["event"] for event in stream.events()] == ["before", "lost"]


def test_where_no_loop_runs_each_line_leaves_at_once() -> None:
    stream = configured()
    logs.get_logger().info("one")
    logs.request(method="GET")
    assert stream.writes == 2


def test_what_is_told_in_the_last_turn_of_a_loop_leaves_before_it_closes() -> None:
    stream = configured()

    async def tell() -> None:
        logs.get_logger().info("told")

    asyncio.run(tell())
    asyncio.run(tell())
    assert stream.writes == 2
    assert [event["event"] for event in stream.events()] == ["told", "told"]


def test_lines_of_threads_are_all_written_and_none_twice() -> None:
    stream = configured()
    with ThreadPoolExecutor(4) as threads:
        for number in range(400):
            threads.submit(logs.get_logger().info, "told", number=number)
    assert sorted(event["number"] for event in stream.events()) == list(range(400))


async def test_a_line_that_the_streams_encoding_lacks_takes_no_other_with_it() -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    logs.configure("wallet", EnvironmentSettings(), stream=stream)
    for name in ("one", "zwölf", "two"):
        logs.get_logger().info(name)
    await asyncio.sleep(0)
    assert [json.loads(line)["event"] for line in written.getvalue().splitlines()] == ["one", "two"]
