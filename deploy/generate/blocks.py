"""Writes the generated blocks of READMEs.

Endpoints, messages, settings, refusals, sagas and aliases, as the code declares them. Does not put
them into the page; `pages` does.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from inspect import isclass
from itertools import chain
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from deploy.generate import rooms, saga_pages
from deploy.generate.messages import all_messages, kind
from deploy.generate.operations import operations
from deploy.generate.pages import NOTHING, Blocks, code, table
from gateway import refusals as refusals_of_gateway
from gateway.routing.aliases import ALIASES
from kit import refusals as refusals_of_all
from kit import scopes, span
from kit.messaging.messages import Command, Message
from kit.refusals import Refusal, catalogue
from kit.runtime import Service
from kit.settings import EnvironmentSettings, variable
from kit.web.app import WebApp


def of_service(service: Service, openapi: Mapping[str, Any]) -> Blocks:
    """Return the blocks that a service's README may ask for."""
    return {
        "endpoints": partial(endpoints, service.name, openapi),
        "messages": partial(messages, service),
        "environment": partial(environment, rooms.settings_class(service.name)),
        "refusals": partial(refusals, _own_refusals(service)),
        "saga": partial(saga, service.name),
    }


def of_gateway() -> Blocks:
    """Return the blocks that the gateway's README may ask for."""
    return {
        "aliases": aliases,
        "environment": partial(environment, rooms.settings_class(rooms.GATEWAY)),
        "refusals": partial(refusals, catalogue(refusals_of_gateway)),
    }


def of_kit() -> Blocks:
    """Return the blocks that kit's README may ask for."""
    return {"refusals": partial(refusals, catalogue(refusals_of_all, scopes, span))}


def of_contracts() -> Blocks:
    """Return the blocks that the README of the contracts may ask for."""
    return {"messages": all_of_them}


def aliases() -> str:
    """Return the table of the gateway's aliases."""
    return table(("alias", "operation"), ((code(a), code(b)) for a, b in ALIASES.items()))


def endpoints(room: str, openapi: Mapping[str, Any]) -> str:
    """Return the table of operations with who may use them, an API key by which scope."""
    found = list(operations(room, openapi))
    if not any(one.scope for one in found):
        rows = ((one.method, code(one.path), one.access, one.summary) for one in found)
        return table(("method", "path", "access", "does"), rows)
    scoped = (
        (one.method, code(one.path), one.access, one.scope and code(one.scope), one.summary)
        for one in found
    )
    return table(("method", "path", "access", "scope", "does"), scoped)


def messages(service: Service) -> str:
    """Return the tables of messages in and out."""
    routes = service.routes
    taken = [*routes.commands, *routes.events, *routes.replies]
    head = ("message", "kind", "says")
    return "\n".join(
        (
            "In:",
            "",
            table(head, map(_message, taken)),
            "",
            "Out:",
            "",
            table(head, map(_message, _sent_by(service.name))),
        )
    )


def all_of_them() -> str:
    """Return the table of every message there is."""
    return table(("message", "kind", "says"), map(_message, all_messages()))


def _message(model: type[Message]) -> tuple[str, str, str]:
    return code(model.type), kind(model), (model.__doc__ or "").partition("\n")[0]


def _sent_by(room: str) -> Iterator[type[Message]]:
    """Yield a room's own events and replies, and the commands that its sagas speak of."""
    for model in all_messages():
        if model.type.startswith(f"{room}.") and not issubclass(model, Command):
            yield model
    seen = {Command}
    for member in chain.from_iterable(vars(one).values() for one in rooms.saga_modules(room)):
        if isclass(member) and issubclass(member, Command) and member not in seen:
            seen.add(member)
            yield member


def environment(settings: type[EnvironmentSettings]) -> str:
    """Return the table of variables with their defaults, a room's own first."""
    fields = sorted(
        settings.model_fields.items(), key=lambda item: item[1].validation_alias is not None
    )
    rows = (
        (code(variable(settings, name)), code(_default(settings, field)), _meaning(field))
        for name, field in fields
    )
    return table(("variable", "default", "meaning"), rows)


def _default(settings: type[EnvironmentSettings], field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return ""
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return text.replace("{service}", settings.service())


def _meaning(field: FieldInfo) -> str:
    text = field.description or ""
    if get_origin(field.annotation) is Literal:
        choices = ", ".join(code(str(choice)) for choice in get_args(field.annotation))
        text += f" One of {choices}."
    return text


def _own_refusals(service: Service) -> Sequence[type[Refusal]]:
    return service.web.refusals if isinstance(service.web, WebApp) else ()


def refusals(found: Sequence[type[Refusal]]) -> str:
    """Return the table of what a room refuses beside what every room does."""
    rows = ((code(one.code), str(one.status), one.title_en, one.title_ru) for one in found)
    return table(("code", "status", "English", "Russian"), rows)


def saga(room: str) -> str:
    """Return table and picture of each saga that a service owns."""
    return "\n\n".join(saga_pages.page(found) for found in rooms.sagas(room)) or NOTHING
