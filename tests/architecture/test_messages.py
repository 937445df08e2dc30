"""Holds what services say to each other together: owners, readers, senders, names, versions."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from deploy.generate import documents, messages, rooms

from kit.messaging.messages import Command, Event, Message
from kit.runtime import Service
from kit.saga import Saga

MESSAGES = messages.all_messages()
COMMANDS = [model for model in MESSAGES if issubclass(model, Command)]
EVENTS = [model for model in MESSAGES if issubclass(model, Event)]
SAGAS = [(room, saga) for room in rooms.services() for saga in rooms.sagas(room)]

Sources = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def services() -> list[Service]:
    return [rooms.build(name) for name in rooms.services()]


def owner(model: type[Message]) -> str:
    return model.type.partition(".")[0]


@pytest.mark.parametrize("model", MESSAGES, ids=lambda model: model.type)
def test_a_message_is_named_for_its_owner_its_class_and_its_version(model: type[Message]) -> None:
    what, version = re.fullmatch(r"(.+?)(?:V(\d+))?", model.__name__).groups()  # type: ignore[union-attr]
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", what).lower()
    assert model.type == f"{model.__module__.removeprefix('contracts.')}.{snake}.v{version or 1}"


@pytest.mark.parametrize("model", MESSAGES, ids=lambda model: model.type)
def test_a_message_says_what_it_means(model: type[Message]) -> None:
    assert "__doc__" in vars(model)
    assert model.__doc__


@pytest.mark.parametrize("model", COMMANDS, ids=lambda model: model.type)
def test_a_command_is_carried_out_by_its_owner_alone(
    model: type[Command], services: list[Service]
) -> None:
    assert [one.name for one in services if model in one.routes.commands] == [owner(model)]


def test_nothing_is_handled_that_the_contracts_do_not_know(services: list[Service]) -> None:
    handled = [
        model
        for service in services
        for handlers in (service.routes.commands, service.routes.events, service.routes.replies)
        for model in handlers
    ]
    assert {model.type for model in handled} <= {model.type for model in MESSAGES}
    assert set(handled) <= set(MESSAGES)


def test_nobody_listens_to_their_own_events(services: list[Service]) -> None:
    own = [(one.name, event) for one in services for event in one.routes.events]
    assert [(name, event.type) for name, event in own if owner(event) == name] == []


@pytest.mark.parametrize("model", EVENTS, ids=lambda model: model.type)
def test_every_event_is_heard_by_somebody(model: type[Event], services: list[Service]) -> None:
    """What nobody listens to is not written: it costs what every message costs."""
    assert [one.name for one in services if model in one.routes.events]


@pytest.mark.parametrize("model", EVENTS, ids=lambda model: model.type)
def test_an_event_is_told_by_its_owner_alone(model: type[Event], sources: Sources) -> None:
    assert owner(model) in _where(_names, model, sources)
    assert _where(_made, model, sources) <= {owner(model)}


@pytest.mark.parametrize(
    ("room", "saga"), SAGAS, ids=[f"{room}.{saga.name}" for room, saga in SAGAS]
)
def test_a_saga_is_well_defined(room: str, saga: Saga, services: list[Service]) -> None:
    assert saga.faults() == []
    service = next(one for one in services if one.name == room)
    expected = {
        reply for step in saga.steps for reply in (step.done, step.refused, step.undone) if reply
    }
    assert expected <= set(service.routes.replies)


def test_there_are_sagas_to_be_checked() -> None:
    assert Counter(saga.name for _, saga in SAGAS) == {
        "payment": 1,
        "refund": 1,
        "card_refund": 1,
        "order": 1,
        "order_refund": 1,
    }


def test_messages_are_only_ever_added_to() -> None:
    assert documents.broken_promises() == []


def test_every_reference_of_the_asyncapi_document_leads_somewhere(services: list[Service]) -> None:
    document = messages.asyncapi(services)
    references = list(_references(document))
    assert references
    for reference in references:
        if reference.startswith("./"):
            assert (documents.SCHEMAS.parent / reference).is_file()
            continue
        found: Any = document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)


def _where(
    look: Callable[[Any], Iterator[str]], model: type[Message], sources: Sources
) -> set[str]:
    """Return the rooms where `look` finds the model's name outside the table of handlers."""
    return {
        source.name.split("/")[1]
        for source in sources("services", "gateway")
        if not source.name.endswith("/messages.py") and model.__name__ in look(source.tree)
    }


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _made(tree: ast.Module) -> Iterator[str]:
    """Yield the names in what is called: functions, and classes that are made."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _names(node.func)
