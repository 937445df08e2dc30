"""Owns the ids that follow a piece of work through HTTP, messages and logs.

Does not create or parse those ids; the web edge and the consumer do.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token
from typing import NamedTuple


class Context(NamedTuple):
    """Ids of the current work; None where the work came without one.

    `traceparent` is the W3C header's text. `correlation_id` names the whole story (a payment),
    `causation_id` the message that this work answers.
    """

    request_id: str | None = None
    traceparent: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None


_EMPTY = Context()
_current: ContextVar[Context] = ContextVar("saldo_context", default=_EMPTY)


def current() -> Context:
    """Return the context of the running task."""
    return _current.get()


def enter(context: Context) -> Token[Context]:
    """Make `context` current and return the token for `leave`; see also `bind`."""
    return _current.set(context)


def leave(token: Token[Context]) -> None:
    """Return to the context before the matching `enter`."""
    _current.reset(token)


class _Within:
    """A `with` block in a context, in half the time of a generator's."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: Context) -> None:
        self._context = context

    def __enter__(self) -> None:
        self._token = _current.set(self._context)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def within(context: Context) -> AbstractContextManager[None]:
    """Make `context` current for the length of a `with` block."""
    return _Within(context)


@contextmanager
def bind(
    *,
    request_id: str | None = None,
    traceparent: str | None = None,
    correlation_id: str | None = None,
    causation_id: str | None = None,
) -> Iterator[Context]:
    """Add ids to the current context for a `with` block; None leaves one as it is."""
    given = {
        "request_id": request_id,
        "traceparent": traceparent,
        "correlation_id": correlation_id,
        "causation_id": causation_id,
    }
    context = _current.get()._replace(**{k: v for k, v in given.items() if v is not None})
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
