"""Walks every operation of every service: what it must say about itself, and who may use it."""

import inspect
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from deploy.generate import rooms
from deploy.generate.operations import Operation, committed, operations
from jsonschema import Draft202012Validator

from gateway.documents.own import OWN_DOCUMENT
from kit.web.app import WebApp
from kit.web.audit import audit_of
from kit.web.schemas import Page
from kit.web.serving.parameters import Parameters
from kit.web.serving.route import Route

ROOMS = rooms.services()
DOCUMENTS = {room: committed(room) for room in ROOMS} | {rooms.GATEWAY: OWN_DOCUMENT}
OPERATIONS = [one for room in DOCUMENTS for one in operations(room, DOCUMENTS[room])]
ACCESS = {"public", "user", "owner", "admin", "service"}
PROBLEM = "application/problem+json"

# What a service answers beside its API; none of it is about anybody.
UNDOCUMENTED = {
    "/docs",
    "/docs/start.js",
    "/docs/swagger-ui-bundle.js",
    "/docs/swagger-ui.css",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/openapi/paths.json",
}

# Reading the log itself: who leafs through it would else write what comes next.
NOT_AUDITED = {"list_audit"}
# What is about the caller's own alone: administrators, too, are shown nobody else's by these.
ONES_OWN = {
    *("change_api_key", "get_api_key", "list_api_keys", "revoke_api_key", "rotate_api_key"),
    "delete_session",
    "cancel_order",
    "cancel_payment",
    "change_webhook_endpoint",
    "delete_webhook_endpoint",
    "get_confirmation_limits",
    "get_factors",
    "get_me",
    "get_my_limits",
    "get_my_wallet",
    "list_events",
    "list_notices",
    "list_sessions",
    "pay_order",
    "pay_payment",
    "read_notice",
    "remove_passkey",
    "rename_passkey",
    "replay_webhook_delivery",
    "replay_webhook_span",
    "rotate_webhook_secret",
    "stream_payments",
    "test_webhook_endpoint",
}

# Nobody sees another's book, whoever they are: all of it is the caller's own.
ONES_OWN_ROOMS = {"finance"}

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)


@each_operation
def test_an_operation_says_who_may_use_it(operation: Operation) -> None:
    assert operation.access in ACCESS
    security = operation.declared["security"]
    secured = security != [] and {} not in security  # what is public may take a token
    assert secured == (operation.access != "public")


@each_operation
def test_an_operation_has_a_name_a_summary_and_a_topic(operation: Operation) -> None:
    assert operation.declared["operationId"].isidentifier()
    assert operation.declared["summary"]
    assert not operation.declared["summary"].endswith(".")
    assert operation.declared["tags"]


def test_no_two_operations_share_a_name() -> None:
    names = Counter(one.declared["operationId"] for one in OPERATIONS)
    assert [name for name, count in names.items() if count > 1] == []


def test_what_only_services_may_use_is_out_of_the_gateways_reach() -> None:
    internal = [one for one in OPERATIONS if one.path.startswith("/internal/")]
    assert internal
    assert internal == [one for one in OPERATIONS if one.access == "service"]


@each_operation
def test_an_operation_documents_what_it_refuses(operation: Operation) -> None:
    answers = operation.declared["responses"]
    expected = {"public": {"500"}, "user": {"401"}, "owner": {"401", "404"}}
    guarded = {"401", "403"}
    assert expected.get(operation.access, guarded) <= set(answers)
    refused = {status: answer for status, answer in answers.items() if status >= "400"}
    # What answers by a page may refuse by one.
    page = {"text/html"} & set(answers["200"].get("content", ()) if "200" in answers else ())
    for answer in refused.values():
        assert set(answer["content"]) - page == {PROBLEM} or set(answer["content"]) == page
    if "requestBody" in operation.declared:
        # OAuth's endpoints refuse values by 400, too (RFC 6749 §5.2, RFC 7009 §2.2.1).
        speaks_oauth = operation.path in ("/v1/auth/token", "/v1/auth/revoke")
        assert ({"400"} if speaks_oauth else {"400", "422"}) <= set(refused)


@each_operation
def test_whoever_takes_a_period_refuses_one_that_does_not_go_forwards(
    operation: Operation,
) -> None:
    given = {one["name"] for one in operation.declared.get("parameters", ())}
    refused = operation.declared["responses"].get("422", {"content": {PROBLEM: {"examples": {}}}})
    is_said = "period_invalid" in refused["content"][PROBLEM]["examples"]
    in_bodies = {"replay_webhook_span", "order_export"}
    takes_it_in_its_body = operation.declared["operationId"] in in_bodies
    assert is_said == ({"from", "to"} <= given or takes_it_in_its_body)


@each_operation
def test_an_operation_documents_what_it_answers(operation: Operation) -> None:
    answers = operation.declared["responses"]
    assert any(status.startswith(("2", "3")) for status in answers)
    assert all(answer["description"] for answer in answers.values())


@each_operation
def test_every_body_has_an_example_and_all_examples_are_valid(operation: Operation) -> None:
    document = DOCUMENTS[operation.room]
    for where, media in _bodies(operation):
        found = list(_examples(document, media))
        assert found, f"{where}: no example"
        schema = {**media["schema"], "components": document.get("components", {})}
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        for example in found:
            faults = [
                f"{error.json_path}: {error.message}" for error in validator.iter_errors(example)
            ]
            assert faults == [], where


@each_operation
def test_no_field_of_a_form_is_null(operation: Operation) -> None:
    for kind, media in operation.declared.get("requestBody", {}).get("content", {}).items():
        if "form" in kind:
            name = media["schema"]["$ref"].rpartition("/")[2]
            fields = DOCUMENTS[operation.room]["components"]["schemas"][name]["properties"]
            nullable = [one for one in fields if {"type": "null"} in fields[one].get("anyOf", ())]
            assert nullable == [], name


@each_operation
def test_every_parameter_says_what_it_takes(operation: Operation) -> None:
    for parameter in operation.declared.get("parameters", ()):
        assert parameter["schema"], parameter["name"]
        if parameter["in"] == "path":
            assert parameter["required"]


@pytest.mark.check(65)
@pytest.mark.parametrize("room", ROOMS)
def test_a_service_answers_nothing_that_is_not_documented(room: str) -> None:
    answered = {(method, route.path) for route in _routes(room) for method in route.methods or ()}
    documented = {(one.method, one.path) for one in operations(room, DOCUMENTS[room])}
    assert {path for _, path in answered - documented} <= UNDOCUMENTED
    assert documented <= answered


@pytest.mark.parametrize("room", ROOMS)
def test_what_administrators_may_do_is_audited(room: str) -> None:
    silent = [
        route.operation_id
        for route in _routes(room)
        if route.access == "admin" and audit_of not in _provided(route.asked)
    ]
    assert set(silent) <= NOT_AUDITED


@pytest.mark.parametrize("room", ROOMS)
def test_what_administrators_are_shown_of_others_is_audited(room: str) -> None:
    """Also where owners look at their own: an administrator passes by the same operation."""
    shared = [
        route
        for route in _routes(room)
        if route.access == "owner" or (route.access == "user" and route.methods == {"GET"})
    ]
    silent = {one.operation_id for one in shared if not _tells(one)}
    known = {one.operation_id for one in _routes(room)}
    assert silent == (
        {one.operation_id for one in shared} if room in ONES_OWN_ROOMS else ONES_OWN & known
    )


def _tells(route: Route) -> bool:
    """Tell whether it asks for the audit, and does not leave it at that."""
    is_given = audit_of in _provided(route.asked)
    return is_given and "audit" in inspect.getsource(route.endpoint).partition('"""')[2]


@pytest.mark.parametrize("room", ROOMS)
def test_a_page_is_left_to_its_route_which_adds_the_link_to_the_next(room: str) -> None:
    unlinked = [
        route.operation_id
        for route in _routes(room)
        if _is_page(route.response_model)
        and inspect.signature(route.endpoint).return_annotation != route.response_model
    ]
    assert unlinked == []


def _is_page(model: Any) -> bool:
    return inspect.isclass(model) and issubclass(model, Page)


@pytest.mark.parametrize("room", ROOMS)
def test_the_page_of_a_room_names_all_that_its_app_refuses(room: str) -> None:
    page = (rooms.folder(room) / "README.md").read_text("utf-8")
    refused = _web(room).refusals
    assert [one.code for one in refused if f"| `{one.code}` | {one.status} |" not in page] == []


def _provided(asked: Parameters) -> set[object]:
    return {one.call for one in asked.whole()}


def _routes(room: str) -> list[Route]:
    return _web(room).kit_routes


def _web(room: str) -> WebApp:
    web = rooms.build(room).web
    assert isinstance(web, WebApp)
    return web


def _bodies(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    request = operation.declared.get("requestBody", {})
    for kind, media in request.get("content", {}).items():
        yield f"request {kind}", media
    for status, answer in operation.declared["responses"].items():
        for kind, media in answer.get("content", {}).items():
            if kind in ("application/json", PROBLEM):
                yield f"{status} {kind}", media


def _examples(document: dict[str, Any], media: dict[str, Any]) -> Iterator[Any]:
    """Yield what the page shows: given examples, else those of the model or of its fields."""
    if "example" in media:
        yield media["example"]
    for example in media.get("examples", {}).values():
        yield example["value"]
    if not {"example", "examples"} & set(media):
        yield from _of_schema(document, media["schema"])


def _of_schema(document: dict[str, Any], schema: dict[str, Any]) -> list[Any]:
    """Return a schema's own examples, or what can be put together from those of its parts."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "examples" in schema:
        return list(schema["examples"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return [one for choice in schema[word] for one in _of_schema(document, choice)]
    if "properties" in schema:
        parts = {name: _of_schema(document, part) for name, part in schema["properties"].items()}
        assert [name for name, found in parts.items() if not found] == [], "fields without example"
        return [{name: found[0] for name, found in parts.items()}]
    if schema.get("type") == "array":
        return [_of_schema(document, schema["items"])[:1]]
    return _of_plain_value(schema)


def _of_plain_value(schema: dict[str, Any]) -> list[Any]:
    """Return what the page makes up by itself; text of no known format must say what it is."""
    for word in ("const", "default"):
        if word in schema:
            return [schema[word]]
    made_up = {"null": None, "boolean": True, "integer": schema.get("minimum", 0)}
    formats = {"uuid": str(UUID(int=0)), "date-time": "2026-01-31T12:00:00Z"}
    if schema.get("type") in made_up:
        return [made_up[schema["type"]]]
    if schema.get("format") in formats:
        return [formats[schema["format"]]]
    return list(schema.get("enum", []))[:1]
