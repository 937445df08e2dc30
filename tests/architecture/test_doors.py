"""Holds the gateway's list of what needs no token against what the services say themselves."""

from collections.abc import Iterator

import pytest
from deploy.generate import rooms
from deploy.generate.operations import Operation, committed, operations

from gateway.aliases import ALIASES
from gateway.routes import DEVELOPMENT_PREFIXES, PREFIXES, PUBLIC


def reachable() -> Iterator[Operation]:
    for room in rooms.services():
        for operation in operations(room, committed(room)):
            inner = operation.path.startswith(("/internal/", *DEVELOPMENT_PREFIXES))
            if not inner:
                yield operation


REACHABLE = list(reachable())


@pytest.mark.parametrize("operation", REACHABLE, ids=lambda one: one.name)
def test_the_gateway_and_the_service_agree_on_what_is_public(operation: Operation) -> None:
    public = PUBLIC.get(f"{operation.method} {operation.path}")
    assert (public is not None) == (operation.access == "public")
    if public is None:
        assert PREFIXES["/".join(operation.path.split("/")[:3])] == operation.room
    else:
        assert public == operation.room


def test_an_alias_of_a_public_operation_is_no_other_operation() -> None:
    canonical = {f"{one.method} {one.path}" for one in REACHABLE}
    assert set(ALIASES) & canonical == set()
