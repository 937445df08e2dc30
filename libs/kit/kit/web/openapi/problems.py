"""Documents refusals: by status, each with an example, the codes as an enum."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from kit.http import ALLOW, LANGUAGE, REQUEST_ID, RETRY_AFTER, WWW_AUTHENTICATE
from kit.refusals import Language, Refusal
from kit.scopes import ScopeMissing
from kit.web.oauth import error_of, status_of
from kit.web.openapi import headers
from kit.web.openapi.names import pascal_case, reference
from kit.web.problems import CONTENT_TYPE, problem_type
from kit.web.schemas import Problem

_REQUEST_ID: Final = "01976f6e-7c00-7000-8000-000000000000"

# These fill the figures and names of a text, which a real refusal fills itself.
SAMPLES: Final[Mapping[str, object]] = {
    "accepted": "application/json",
    "column": 17,
    "count": 2,
    "currency": "RUB",
    "decimals": 2,
    "example": "150.00",
    "fields": "amount",
    "largest": "10000000000000.00",
    "least": "0.50",
    "left": "50.00",
    "limit": 1000,
    "limit_bytes": 1048576,
    "limit_count": 100,
    "line": 3,
    "most": 100,
    "price": "39.00",
    "reason": "insufficient_funds",
    "reason_ru": "недостаточно денег",
    "retry_after_seconds": 30,
    "scope": "payments:write",
    "status": "paid",
    "status_ru": "оплачен",
    "step": "0.10",
}


def schemas() -> dict[str, Any]:
    """Return the schemas of a problem and of its faults."""
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**problem.pop("$defs"), "Problem": problem}


def schema_name(operation_id: str) -> str:
    """Return the name of the schema of an operation's problems."""
    return f"{pascal_case(operation_id)}Problem"


def schema_of(refusals: Sequence[type[Refusal]]) -> dict[str, Any]:
    """Return the schema of one operation's problem, with the codes that it may have."""
    codes = {"enum": sorted({refusal.code for refusal in refusals}), "type": "string"}
    return {
        "allOf": [reference("Problem"), {"type": "object", "properties": {"code": codes}}],
        "description": "Why the operation was refused; `code` is stable.",
    }


def answers(
    refusals: Sequence[type[Refusal]], schema_name: str, *, speaks_oauth: bool = False
) -> dict[str, Any]:
    """Return the answers by which an operation refuses, by status."""
    by_status: dict[int, list[type[Refusal]]] = defaultdict(list)
    for refusal in refusals:
        by_status[status_of(refusal) if speaks_oauth else refusal.status].append(refusal)
    shown = _oauth_example if speaks_oauth else example
    return {
        str(status): {
            "description": "; ".join(dict.fromkeys(refusal.title_en for refusal in found)),
            "headers": headers.referred(*_headers_of(status, found)),
            "content": {
                CONTENT_TYPE: {
                    "schema": reference(schema_name),
                    "examples": {
                        refusal.code: {"summary": refusal.title_en, "value": shown(refusal)}
                        for refusal in found
                    },
                }
            },
        }
        for status, found in sorted(by_status.items())
    }


def catalogue(refusals: Sequence[type[Refusal]]) -> list[dict[str, Any]]:
    """Return all refusals of a service by code, in both languages."""
    return [
        {
            "code": refusal.code,
            "status": refusal.status,
            "title": {"en": refusal.title_en, "ru": refusal.title_ru},
            "detail": {"en": detail(refusal, "en"), "ru": detail(refusal, "ru")},
        }
        for refusal in sorted(refusals, key=lambda refusal: refusal.code)
    ]


def example(refusal: type[Refusal]) -> dict[str, Any]:
    """Return a problem as it is sent."""
    return {
        "type": problem_type(refusal.code),
        "title": refusal.title_en,
        "status": refusal.status,
        "detail": detail(refusal, "en"),
        "instance": f"urn:saldo:request:{_REQUEST_ID}",
        "code": refusal.code,
        "request_id": _REQUEST_ID,
    }


def _oauth_example(refusal: type[Refusal]) -> dict[str, Any]:
    status, error = status_of(refusal), error_of(refusal)
    return {**example(refusal), "status": status, "error": error}


def detail(refusal: type[Refusal], language: Language) -> str:
    """Return a refusal's text, filled with samples.

    Raises:
        ValueError: it is filled with something that has no sample.
    """
    template = refusal.detail_ru if language == "ru" else refusal.detail_en
    try:
        return template.format_map({**SAMPLES, **refusal.samples})
    except KeyError as missing:
        raise ValueError(f"{refusal.__name__}: {missing} has no sample") from None


def _headers_of(status: int, refusals: Sequence[type[Refusal]]) -> list[str]:
    found = [REQUEST_ID, LANGUAGE]
    steps_up = any(one.code == "step_up_required" for one in refusals)
    if status == 401 or ScopeMissing in refusals or steps_up:  # noqa: PLR2004
        found.append(WWW_AUTHENTICATE)
    if status == 405:  # noqa: PLR2004
        found.append(ALLOW)
    if status in {429, 503} or any(one.code == "idempotency_in_flight" for one in refusals):
        found.append(RETRY_AFTER)
    return found
