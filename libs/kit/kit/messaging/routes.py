"""Maps message types to handlers, as a service's messages.py declares them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from kit import context
from kit.db.unit_of_work import UnitOfWork
from kit.messaging import cloudevents
from kit.messaging.messages import Command, Envelope, Event, Message, Reply

M = TypeVar("M", bound=Message)
Handler = Callable[[UnitOfWork, Sequence[Envelope]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Routes:
    """Handlers by message type; one call handles consecutive messages of one handler.

    Attributes:
        repeatable: The kinds whose handlers know a repeated message by rows of their own, and so
            need no inbox: they may be called with one again.
    """

    commands: Mapping[type[Command], Handler] = field(default_factory=dict)
    events: Mapping[type[Event], Handler] = field(default_factory=dict)
    replies: Mapping[type[Reply], Handler] = field(default_factory=dict)
    repeatable: frozenset[Literal["commands", "events", "replies"]] = frozenset()


def caused_by(envelope: Envelope) -> AbstractContextManager[object]:
    """Bind a message's trace and correlation for logs and emitted messages."""
    return context.bind(**cloudevents.trace_of(envelope))


def by_type(handlers: Mapping[type[M], Handler]) -> dict[str, tuple[type[Message], Handler]]:
    """Index handlers by the type name on the wire."""
    return {model.type: (model, handler) for model, handler in handlers.items()}
