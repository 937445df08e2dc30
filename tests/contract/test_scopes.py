"""What API keys may do: every operation of users has a scope, or is closed to keys on purpose."""

import pytest
from deploy.generate import rooms
from deploy.generate.operations import Operation, committed, operations

from auth.domain.scopes import Scope

# Nothing of users, logins, second factors and keys themselves is ever opened by a key, or by an
# OAuth client: but the look at one's own user, by whom a client knows for whom it acts.
CLOSED_ROOMS = {"auth"}
OPENED = {"get_me"}
OPERATIONS = [
    one
    for room in rooms.services()
    for one in operations(room, committed(room))
    if one.access != "public" or "x-scope" in one.declared
]
OF_USERS = [one for one in OPERATIONS if one.access in ("user", "owner")]
READING_POSTS = {"quote_payment", "try_rule"}


def codes(operation: Operation) -> set[str]:
    """Return the codes with which an operation says that it refuses by 403."""
    answer = operation.declared["responses"].get("403", {}).get("content", {})
    return set(answer.get("application/problem+json", {}).get("examples", {}))


@pytest.mark.parametrize("operation", OF_USERS, ids=lambda one: one.name)
def test_what_users_may_do_has_a_scope_or_is_closed_to_keys(operation: Operation) -> None:
    is_closed = operation.room in CLOSED_ROOMS and operation.declared["operationId"] not in OPENED
    assert ("x-scope" not in operation.declared) is is_closed
    assert ("not_for_keys" if is_closed else "scope_missing") in codes(operation)


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if one.access in ("admin", "service")],
    ids=lambda one: one.name,
)
def test_nothing_of_administrators_or_services_has_a_scope(operation: Operation) -> None:
    assert "x-scope" not in operation.declared or "x-open-by" in operation.declared
    assert "forbidden" in codes(operation)


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if "x-scope" in one.declared], ids=lambda one: one.name
)
def test_a_scope_reads_or_writes_as_its_method_does(operation: Operation) -> None:
    reads = operation.method == "GET" or operation.declared["operationId"] in READING_POSTS
    assert operation.declared["x-scope"].endswith(":read" if reads else ":write")


def test_the_scopes_of_keys_are_those_that_open_something() -> None:
    named = {one.declared["x-scope"] for one in OPERATIONS if "x-scope" in one.declared}
    assert named == set(Scope)
