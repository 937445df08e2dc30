"""What the gateway holds public is what the services declare public, and nothing else."""

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from gateway.limits.policies import POLICIES
from gateway.routing.aliases import ALIASES
from gateway.routing.routes import LIMITS, OPENED_BELOW, PUBLIC
from gateway.routing.table import ProxyRoutes
from kit.web.event_stream import CONTENT_TYPE

SERVICES = ("auth", "wallet", "payments", "shop", "finance", "notifications", "sandbox")


class Operation(NamedTuple):
    service: str
    method: str
    path: str
    access: str
    is_opened: bool  # to everybody, by a setting of the service's own
    streams: bool


def operations() -> Iterator[Operation]:
    for service in SERVICES:
        settings = importlib.import_module(f"{service}.settings").Settings()
        document: dict[str, Any] = (
            importlib.import_module(f"{service}.app").build(settings).web.openapi()
        )
        for path, item in document["paths"].items():
            for method, declared in item.items():
                access = declared["x-access"]
                is_opened = access == "user" and "x-open-by" in declared  # an admin's: to users
                answered = declared["responses"].get("200", {}).get("content", {})
                streams = CONTENT_TYPE in answered
                yield Operation(service, method.upper(), path, access, is_opened, streams)


ALL = list(operations())
# What the gateway answers with a service's own answer and something more.
EXTENDED = {"users": "auth"}
TABLE = ProxyRoutes.of(in_production=False, serves_docs=True)


@pytest.mark.parametrize("operation", ALL, ids=lambda one: f"{one.method} {one.path}")
def test_an_operation_is_routed_to_its_service_and_public_where_it_says_so(
    operation: Operation,
) -> None:
    route = TABLE.find(operation.method, operation.path.encode())
    if operation.access == "service":
        assert route is None
    else:
        assert route is not None
        assert operation.service in (route.upstream, EXTENDED.get(route.own))
        assert route.is_public == (operation.access == "public" or operation.is_opened)


@pytest.mark.parametrize("operation", PUBLIC)
def test_nothing_is_public_that_a_service_declares_otherwise(operation: str) -> None:
    method, _, path = operation.partition(" ")
    declared = {one.access for one in ALL if (one.method, one.path) == (method, path)}
    assert declared <= {"public"}


def test_what_is_let_through_for_a_service_to_decide_is_what_a_setting_there_can_open() -> None:
    opened = {f"{one.method} {one.path}" for one in ALL if one.is_opened}
    assert opened == OPENED_BELOW.keys()


@pytest.mark.parametrize("alias", ALIASES)
def test_no_alias_hides_an_operation_of_a_service(alias: str) -> None:
    method, _, path = alias.partition(" ")
    assert not [one for one in ALL if (one.method, one.path) == (method, path)]


@pytest.mark.parametrize("operation", LIMITS)
def test_what_has_a_limit_of_its_own_is_an_operation_and_the_limit_is_one(operation: str) -> None:
    method, _, path = operation.partition(" ")
    assert [one for one in ALL if (one.method, one.path) == (method, path)]
    assert LIMITS[operation] in {policy.name for policy in POLICIES}


@pytest.mark.parametrize(
    "operation", [one for one in ALL if one.streams], ids=lambda one: f"{one.method} {one.path}"
)
def test_every_stream_of_events_counts_as_one(operation: Operation) -> None:
    assert LIMITS[f"{operation.method} {operation.path}"] == "stream"


@pytest.mark.parametrize(
    "operation",
    [one for one in ALL if one.access == "public" and one.method != "GET"],
    ids=lambda one: f"{one.method} {one.path}",
)
def test_what_strangers_may_change_has_a_limit_of_its_own(operation: Operation) -> None:
    if operation.service != "sandbox":
        assert LIMITS[f"{operation.method} {operation.path}"] in {"login", "hook"}
