"""Writes the contracts down: JSON Schema of each message, AsyncAPI of them all.

Does not define messages; `libs/contracts` does. Sources: JSON Schema 2020-12, AsyncAPI 3.0.0.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from inspect import isclass
from typing import Any

from msgspec.json import schema_components

import contracts
from kit.messaging import topology
from kit.messaging.cloudevents import BATCH, SINGLE
from kit.messaging.messages import Command, Event, Message, Reply
from kit.messaging.topology import COMMANDS, REPLIES
from kit.runtime import Service, topologies

JsonObject = dict[str, Any]


def all_messages() -> list[type[Message]]:
    """Return every message of the contracts, by type name."""
    found = {model.type: model for module in _modules() for model in _defined_in(module)}
    return [found[name] for name in sorted(found)]


def _modules() -> Iterator[Any]:
    for info in pkgutil.iter_modules(contracts.__path__):
        yield importlib.import_module(f"contracts.{info.name}")


def _defined_in(module: Any) -> Iterator[type[Message]]:
    for member in vars(module).values():
        is_message = isclass(member) and issubclass(member, Message) and "type" in vars(member)
        if is_message and member.__module__ == module.__name__:
            yield member


def kind(model: type[Message]) -> str:
    """Return `command`, `event` or `reply`."""
    return next(
        name
        for name, parent in (("command", Command), ("event", Event), ("reply", Reply))
        if issubclass(model, parent)
    )


def json_schema(model: type[Message]) -> JsonObject:
    """Return the JSON Schema of a message's `data`."""
    _, definitions = schema_components([model])
    schema = definitions.pop(model.__name__)
    parts = {"$defs": definitions} if definitions else {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:saldo:message:{model.type}",
        **parts,
        **schema,
    }


def asyncapi(built: Sequence[Service]) -> JsonObject:
    """Return the AsyncAPI document.

    It has one channel per exchange, and one operation per reader's queue.
    """
    models = all_messages()
    exchanges = {
        exchange.name: exchange
        for service in built
        for made in topologies(service)
        for exchange in made.exchanges
    }
    channels = {
        name: _channel(exchange, [model for model in models if _exchange_of(model) == name])
        for name, exchange in sorted(exchanges.items())
        if any(_exchange_of(model) == name for model in models)
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Messages of Saldo",
            "version": "1",
            "description": f"CloudEvents 1.0 in JSON, alone (`{SINGLE}`) or packed (`{BATCH}`). "
            "A queue is read by the service it is named after.",
        },
        "defaultContentType": SINGLE,
        "channels": channels,
        "operations": dict(_operations(built)),
        "components": {"messages": {model.type: _message(model) for model in models}},
    }


def _exchange_of(model: type[Message]) -> str:
    owner = model.type.partition(".")[0]
    names = {"command": COMMANDS, "reply": REPLIES, "event": f"{owner}.events"}
    return names[kind(model)]


def _channel(exchange: topology.BrokerExchange, models: Iterable[type[Message]]) -> JsonObject:
    return {
        "address": exchange.name,
        "messages": {
            model.type: {"$ref": f"#/components/messages/{model.type}"} for model in models
        },
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": exchange.name, "type": exchange.kind, "durable": True},
            }
        },
    }


def _message(model: type[Message]) -> JsonObject:
    return {
        "name": model.type,
        "title": model.__name__,
        "summary": (model.__doc__ or "").partition("\n")[0],
        "tags": [{"name": kind(model)}],
        "payload": {"$ref": f"./schemas/{model.type}.json"},
    }


def _operations(built: Sequence[Service]) -> Iterator[tuple[str, JsonObject]]:
    for service in built:
        routes = service.routes
        tables: dict[str, Iterable[type[Message]]] = {
            "commands": routes.commands,
            "replies": routes.replies,
            "events": routes.events,
        }
        for queue, table in tables.items():
            for exchange, types in _by_exchange(table):
                yield (
                    f"{service.name}.{queue}.{exchange}",
                    {
                        "action": "receive",
                        "channel": {"$ref": f"#/channels/{exchange}"},
                        "summary": f"Queue `{service.name}.{queue}`.",
                        "messages": [
                            {"$ref": f"#/channels/{exchange}/messages/{name}"} for name in types
                        ],
                    },
                )


def _by_exchange(table: Iterable[type[Message]]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for model in table:
        found.setdefault(_exchange_of(model), []).append(model.type)
    return sorted((exchange, sorted(types)) for exchange, types in found.items())
