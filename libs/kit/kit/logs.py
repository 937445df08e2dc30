"""Owns the form of a log line: JSON on stdout, with ids, without secrets.

The standard library's loggers (uvicorn, aio-pika, asyncio) come out the same way. Does not decide
what is logged.
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from threading import RLock
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kit import context
from kit.settings import EnvironmentSettings

get_logger = structlog.get_logger

REDACTED = "[redacted]"

# A value is redacted where its key contains one of these.
_SECRET_NAMES = ("password", "token", "secret", "authorization", "card", "cookie", "otp")
_MAX_DEPTH = 8
_NESTED = (dict, list, tuple)  # made once: a union made at each look costs more than the look

# A library's own text may carry these: credentials in a URL, a bearer or signed token, a card.
_SECRET_TEXTS = (
    (re.compile(r"(://[^/\s:@]{0,64}:)[^/\s@]{1,256}@"), rf"\1{REDACTED}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), REDACTED),
    (re.compile(r"\b\d(?:[ -]?\d){12,18}\b"), REDACTED),
)


def configure(service: str, settings: EnvironmentSettings, *, stream: TextIO | None = None) -> None:
    """Send all logs of the process to stdout (or `stream`)."""
    out = _Out(stream or sys.stdout)
    level = logging.getLevelNamesMapping()[settings.log_level]
    stamp = _stamp(service)
    structlog.configure(
        processors=[stamp, _redact, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: out,
        # Caching is faster, but a cached logger keeps the stream of the first `configure`.
        cache_logger_on_first_use=stream is None,
    )
    _requests.line = _short(stamp, out, is_wanted=level <= logging.INFO)
    logging.captureWarnings(capture=True)
    logging.root.handlers[:] = [_IntoStructlog()]
    logging.root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # Requests are logged once, by kit.web; these would add full URLs with their query strings.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def request(**fields: Any) -> None:
    """Log that a request was answered; its fields must have no names of secrets.

    It is as `info`, by a shorter way: no other line is written as often.
    """
    if _requests.line is None:
        get_logger().info("request", **fields)
    else:
        _requests.line(fields)


class _RequestLines:
    """Holds how lines of requests are written, once that is configured."""

    def __init__(self) -> None:
        self.line: Callable[[EventDict], None] | None = None


_requests = _RequestLines()


def _short(stamp: Processor, out: "_Out", *, is_wanted: bool) -> Callable[[EventDict], None]:
    def line(event: EventDict) -> None:
        if is_wanted:
            event["event"] = "request"
            stamp(None, "info", event)
            out.msg(_render(None, "info", event))

    return line


def scrub(text: str) -> str:
    """Remove what looks like credentials, tokens and card numbers from free text."""
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


class _Out:
    """Writes finished lines; a closed stream never breaks the work that logs.

    What a turn of the loop tells leaves at its end, by one call of the system: under load that is
    several lines. A warning leaves at once, with all before it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._leaving = RLock()  # threads log, too; and so may what is done while lines leave
        self._leaves_with: asyncio.AbstractEventLoop | None = None  # whose turn it is

    def msg(self, line: str) -> None:
        self._lines.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # there is no turn that would end
            self._leave()
            return
        if loop is not self._leaves_with:
            self._leaves_with = loop
            loop.call_soon(self._leave)

    def urgent(self, line: str) -> None:
        self._lines.append(line)
        self._leave()

    def _leave(self) -> None:
        self._leaves_with = None
        with self._leaving:
            lines = self._lines[:]
            del self._lines[: len(lines)]
            if lines:
                self._write(lines)

    def _write(self, lines: Sequence[str]) -> None:
        try:
            self._stream.write("\n".join((*lines, "")))
            self._stream.flush()
        except UnicodeError:  # one that the stream's encoding lacks takes no other with it
            if len(lines) > 1:
                for line in lines:
                    self._write([line])
        except (OSError, ValueError):
            pass

    log = debug = info = msg
    warning = error = critical = exception = fatal = urgent


class _IntoStructlog(logging.Handler):
    """Passes records of the standard library to structlog, with scrubbed texts."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = scrub(record.getMessage())
        except Exception:  # noqa: BLE001 (a broken format string must not break its caller)
            message = scrub(str(record.msg))
        get_logger().log(
            record.levelno, message, logger=record.name, exc_info=record.exc_info or None
        )


def _stamp(service: str) -> Processor:
    def stamp(logger: WrappedLogger, level: str, event: EventDict) -> EventDict:
        if "exc_info" in event:
            event = structlog.processors.format_exc_info(logger, level, event)
        event["level"] = level
        event["at"] = datetime.now(UTC)
        event["service"] = service
        work = context.current()
        if work.request_id is not None:
            event["request_id"] = work.request_id
        if work.traceparent is not None:
            event["traceparent"] = work.traceparent
        if work.correlation_id not in (None, work.request_id):
            event["correlation_id"] = work.correlation_id
        if work.causation_id is not None:
            event["causation_id"] = work.causation_id
        return event

    return stamp


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if _is_secret(key):
            event[key] = REDACTED
        elif isinstance(value, _NESTED):
            event[key] = _without_secrets(value, _MAX_DEPTH)
    if "exception" in event:
        event["exception"] = scrub(str(event["exception"]))
    return event


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    lowered = key.lower()
    return any(name in lowered for name in _SECRET_NAMES)


def _without_secrets(value: Any, depth: int) -> Any:
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        return {
            str(key): REDACTED if _is_secret(str(key)) else _without_secrets(item, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(item, depth - 1) for item in value]
    return value


def _render(_: WrappedLogger, __: str, event: EventDict) -> str:
    try:
        line = orjson.dumps(event, default=repr, option=orjson.OPT_UTC_Z).decode()
    except TypeError:  # a lone surrogate or a key that is no text: json is slower, but refuses none
        line = json.dumps(event, default=repr, skipkeys=True)
    if line.isascii():
        return line
    # JSON allows these three as they are, but some readers of logs end a line at them.
    return line.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")
