"""Completes one operation in the document: its access, parameters and refusals."""

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from kit import refusals as general
from kit.http import LINK, PREFERENCE_APPLIED, REPLAYED, REQUEST_ID
from kit.refusals import Refusal
from kit.scopes import NotForKeys, ScopeMissing
from kit.span import PeriodInvalid
from kit.step_up import StepUpRequired
from kit.web.audit import audit_of
from kit.web.openapi import headers, problems, security
from kit.web.queries import RangeFilters
from kit.web.schemas import Page
from kit.web.serving.route import Route

# It has no example: whoever tries the operation out would send that again and again.
_IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same body within 24 h, the first answer is repeated. "
    "Make a new one for each thing that is to be done once.",
    "schema": {"type": "string", "pattern": '^([A-Za-z0-9_.:-]{1,255}|"[A-Za-z0-9_.:-]{1,255}")$'},
}


def refusals_of(route: Route) -> list[type[Refusal]]:
    """Return what an operation may refuse: its own refusals, and those of its kind."""
    found = list(route.refusals)
    if route.access != "public":
        found += [general.NotAuthenticated, general.TokenInvalid]
    if route.access in ("admin", "service"):
        found.append(general.Forbidden)
    if route.access in ("user", "owner", "admin"):
        found.append(NotForKeys if route.scope is None else ScopeMissing)
    if route.is_change and (route.access == "admin" or _is_for_admins_too(route)):
        found.append(StepUpRequired)
    if route.asked.path:
        found.append(general.NotFound)
    # Every operation refuses a parameter that it does not know, and one that is given twice.
    found += [general.QueryInvalid, general.ValidationFailed]
    if any(issubclass(model, RangeFilters) for model in _queries(route)):
        found.append(PeriodInvalid)
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
            general.TooManyKeys,
        ]
    found += [general.TooManyRequests, general.InternalError, general.Unavailable]
    return list(dict.fromkeys(found))


def problem_name(route: Route) -> str:
    """Return the name of the schema of an operation's problems."""
    return problems.schema_name(route.operation_id or route.name)


def complete(operation: dict[str, Any], route: Route) -> None:
    """Complete one operation of FastAPI's document by what its route declares."""
    operation["x-access"] = route.access
    if route.open_by is not None:
        operation["x-open-by"] = route.open_by
    if route.scope is not None:
        operation["x-scope"] = route.scope
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _never_null(parameter["schema"])
    operation["security"] = security.required(route.access, takes_caller=route.takes_caller)
    if route.is_idempotent:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    for content_type in route.other_bodies:
        content = {"schema": {"type": "string"}}
        operation["requestBody"]["content"].setdefault(content_type, content)
    _complete_answers(operation["responses"], route)


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: it may be left out, but nobody can send null."""
    if {"type": "null"} not in schema.get("anyOf", ()):
        return schema
    around = {name: value for name, value in schema.items() if name != "anyOf"}
    given = [one for one in schema["anyOf"] if one != {"type": "null"}]
    return {**given[0], **around} if len(given) == 1 else {"anyOf": given, **around}


def _complete_answers(answers: dict[str, Any], route: Route) -> None:
    if general.ValidationFailed.status not in route.responses:
        answers.pop(str(general.ValidationFailed.status), None)  # in FastAPI's words
    if route.response_model is None:  # FastAPI then documents JSON of no shape
        for status, declared in route.responses.items():
            if "content" in declared:
                answers[str(status)]["content"] = declared["content"]
    for answer in answers.values():
        declared = answer.get("headers", {})
        answer["headers"] = {**headers.referred(*_headers_of(route)), **declared}
    for status, example in route.answer_examples.items():
        answers[str(status)]["content"]["application/json"]["example"] = example
    refused = problems.answers(
        refusals_of(route), problem_name(route), speaks_oauth=route.speaks_oauth
    )
    for status, answer in refused.items():  # a page refuses as a page, too
        answer["content"] |= answers.get(status, {}).get("content", {})
    answers.update(refused)


def _is_for_admins_too(route: Route) -> bool:
    """Tell whether administrators may change others' own by it: then it is audited."""
    return any(one.call is audit_of for one in route.asked.whole())


def _headers_of(route: Route) -> list[str]:
    found = [REQUEST_ID, *route.answer_headers]
    if _is_page(route.response_model):
        found.append(LINK)
    if route.is_idempotent:
        found.append(REPLAYED)
    if any(header.key == "prefer" for one in route.asked.whole() for header in one.headers):
        found.append(PREFERENCE_APPLIED)
    return found


def _queries(route: Route) -> Iterator[type[BaseModel]]:
    """Yield the models that parameters of the query are read into."""
    for one in route.asked.whole():
        yield from (query.model for query in one.query if query.model is not None)


def _is_page(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, Page)
