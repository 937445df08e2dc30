"""Owns what FastAPI's OpenAPI document does not say: access levels, problems, idempotency.

Does not describe operations; they describe themselves.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from kit import refusals as general
from kit.refusals import Refusal
from kit.web.problems import CONTENT_TYPE, problem_type
from kit.web.routes import Route
from kit.web.schemas import Problem

_REQUEST_ID = "01976f6e-7c00-7000-8000-000000000000"
_TOKEN_URL = "/v1/auth/token"  # noqa: S105 (an address)

_SECURITY_SCHEMES: dict[str, Any] = {
    "password": {
        "type": "oauth2",
        "flows": {"password": {"tokenUrl": _TOKEN_URL, "scopes": {}}},
    },
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "service": {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": _TOKEN_URL, "scopes": {}}},
    },
}
_SCHEMES_OF_USERS = ("password", "bearer")
_SCHEMES_OF_SERVICES = ("service", "bearer")

_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same body within 24 h, the first answer is repeated.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 257},
    "example": "order-4711",
}


def _restore_examples(schemas: dict[str, Any], routes: Iterable[Route]) -> None:
    """Put examples back as they were declared: FastAPI drops every null, also inside them."""
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


def complete(
    document: dict[str, Any], routes: Sequence[Route], catalogue: Sequence[type[Refusal]]
) -> dict[str, Any]:
    """Add to FastAPI's document (in place, and returned) what our operations declare besides.

    Raises:
        ValueError: an operation declares a refusal that is not in the service's catalogue.
    """
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    _restore_examples(schemas, routes)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    components["schemas"] = dict(sorted(schemas.items()))
    components["securitySchemes"] = _SECURITY_SCHEMES
    known = {*catalogue, *general.catalogue(general)}
    for route in routes:
        if unknown := [r.__name__ for r in route.refusals if r not in known]:
            raise ValueError(f"{route.operation_id}: {unknown} stand in no catalogue")
        for method in route.methods or ():
            _complete_operation(document["paths"][route.path][method.lower()], route)
    document["x-problems"] = [
        {
            "code": refusal.code,
            "status": refusal.status,
            "title": {"en": refusal.title_en, "ru": refusal.title_ru},
            "detail": {"en": refusal.detail_en, "ru": refusal.detail_ru},
        }
        for refusal in sorted(known, key=lambda refusal: refusal.code)
    ]
    return document


def refusals_of(route: Route) -> list[type[Refusal]]:
    """List what an operation may refuse: its own refusals, and those of its kind."""
    found = list(route.refusals)
    if route.access != "public":
        found += [general.NotAuthenticated, general.TokenInvalid]
    if route.access in ("admin", "service"):
        found.append(general.Forbidden)
    if route.dependant.path_params:
        found.append(general.NotFound)
    # Whatever an operation takes, a parameter it does not know is refused, or one given twice.
    found += [general.QueryInvalid, general.ValidationFailed]
    if route.binder.reads_body:
        found += [
            general.BodyUnreadable,
            general.BodyTooLarge,
            general.BodyTooComplex,
            general.ContentTypeUnsupported,
        ]
    if route.is_idempotent:
        found += [
            general.IdempotencyKeyMalformed,
            general.IdempotencyKeyReused,
            general.IdempotencyInFlight,
        ]
    found += [general.TooManyRequests, general.InternalError, general.Unavailable]
    return list(dict.fromkeys(found))


def _complete_operation(operation: dict[str, Any], route: Route) -> None:
    operation["x-access"] = route.access
    if route.open_by is not None:
        operation["x-open-by"] = route.open_by
    if route.access == "public":
        operation["security"] = []
    else:
        schemes = _SCHEMES_OF_SERVICES if route.access == "service" else _SCHEMES_OF_USERS
        operation["security"] = [{scheme: []} for scheme in schemes]
    if route.is_idempotent:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    for content_type in route.other_bodies:
        content = {"schema": {"type": "string"}}
        operation["requestBody"]["content"].setdefault(content_type, content)
    answers = operation["responses"]
    answers.pop("422", None)
    if route.response_model is None:  # then FastAPI takes the answer for JSON of no shape
        for status, declared in route.responses.items():
            if "content" in declared:
                answers[str(status)]["content"] = declared["content"]
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in refusals_of(route):
        by_status.setdefault(refusal.status, []).append(refusal)
    for status, refusals in sorted(by_status.items()):
        answers[str(status)] = _problem_answer(refusals)


def _problem_answer(refusals: Sequence[type[Refusal]]) -> dict[str, Any]:
    return {
        "description": "; ".join(dict.fromkeys(refusal.title_en for refusal in refusals)),
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    refusal.code: {"summary": refusal.title_en, "value": _example(refusal)}
                    for refusal in refusals
                },
            }
        },
    }


def _example(refusal: type[Refusal]) -> dict[str, Any]:
    return {
        "type": problem_type(refusal.code),
        "title": refusal.title_en,
        "status": refusal.status,
        "detail": refusal.detail_en,
        "instance": f"urn:saldo:request:{_REQUEST_ID}",
        "code": refusal.code,
        "request_id": _REQUEST_ID,
    }
