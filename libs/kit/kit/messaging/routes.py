"""The table of a service's messages.py: which function handles which message type."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from kit import context
from kit.db.unit_of_work import UnitOfWork
from kit.messaging import cloudevents
from kit.messaging.messages import Command, Envelope, Event, Message, Reply

M = TypeVar("M", bound=Message)
Handler = Callable[[UnitOfWork, Sequence[Envelope]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Routes:
    """Message type to handler; consecutive messages of one handler are handled in one call."""

    commands: Mapping[type[Command], Handler] = field(default_factory=dict)
    events: Mapping[type[Event], Handler] = field(default_factory=dict)
    replies: Mapping[type[Reply], Handler] = field(default_factory=dict)


def caused_by(envelope: Envelope) -> AbstractContextManager[object]:
    """Pass a message's trace and correlation on to logs and to what is emitted meanwhile."""
    return context.bind(**cloudevents.trace_of(envelope))


def by_type(handlers: Mapping[type[M], Handler]) -> dict[str, tuple[type[Message], Handler]]:
    """Index handlers by the type name found on the wire."""
    return {model.type: (model, handler) for model, handler in handlers.items()}
