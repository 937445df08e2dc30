"""Completes the whole OpenAPI document of a service."""

from collections.abc import Iterable, Sequence
from typing import Any

from kit import refusals as general
from kit import scopes, span, step_up
from kit.refusals import Refusal
from kit.web.openapi import headers, problems, security
from kit.web.openapi.names import use_titles
from kit.web.openapi.operations import complete as complete_operation
from kit.web.openapi.operations import problem_name, refusals_of
from kit.web.serving.route import Route


def complete(
    document: dict[str, Any], routes: Sequence[Route], catalogue: Sequence[type[Refusal]]
) -> dict[str, Any]:
    """Return FastAPI's document, completed by what our operations declare.

    Raises:
        ValueError: an operation declares a refusal that is not in the service's catalogue.
    """
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _restore_examples(schemas, routes)
    schemas.update(problems.schemas())
    known = {*catalogue, *general.catalogue(general, scopes, span, step_up)}
    for route in routes:
        refusals = refusals_of(route)
        if unknown := [one.__name__ for one in refusals if one not in known]:
            raise ValueError(f"{route.operation_id}: {unknown} stand in no catalogue")
        schemas[problem_name(route)] = problems.schema_of(refusals)
        for method in route.methods or ():
            complete_operation(document["paths"][route.path][method.lower()], route)
    document = use_titles(document)
    components = document["components"]
    components["schemas"] = dict(sorted(components["schemas"].items()))
    components["headers"] = headers.COMPONENTS
    components["securitySchemes"] = security.SCHEMES
    document["x-problems"] = problems.catalogue(list(known))
    return document


def _restore_examples(schemas: dict[str, Any], routes: Iterable[Route]) -> None:
    """Restore examples as they were declared: FastAPI drops every null in them."""
    for route in routes:
        for field in (route.body_field, route.response_field):
            if field is None:
                continue
            whole = field._type_adapter.json_schema(mode=field.mode)  # noqa: SLF001 - no other way
            parts = {**whole.get("$defs", {}), whole.get("title", ""): whole}
            for name, part in parts.items():
                if "examples" not in part:
                    continue
                for shown in {name, f"{name}-Input", f"{name}-Output"} & schemas.keys():
                    schemas[shown]["examples"] = part["examples"]
