"""Reads the query parameters of the gateway's own operations: `expand`, or none."""

from collections.abc import Sequence
from typing import Any, Final

from kit.refusals import FieldFault, ValidationFailed
from kit.web.faults import unknown_parameter
from kit.web.serving.bodies import parse_query

EXPAND: Final = "expand"


def refuse_all(query: bytes) -> None:
    """Refuse a query that holds parameters.

    Raises:
        QueryInvalid: one comes twice, or is no UTF-8.
        ValidationFailed: there are parameters, which it names.
    """
    refuse_unknown(query, ())


def refuse_unknown(query: bytes, known: Sequence[str]) -> None:
    """Refuse a query that holds other parameters, as `refuse_all` does."""
    given = parse_query(query) if query else {}
    if unknown := [name for name in given if name not in known]:
        raise ValidationFailed(errors=[unknown_parameter(name, known) for name in unknown])


def is_expanded(query: bytes, by: str) -> bool:
    """Say whether an answer is to hold the one thing more that it can hold.

    Raises:
        QueryInvalid: a parameter comes twice.
        ValidationFailed: something else is asked for.
    """
    asked = parse_query(query).get(EXPAND) if query else None
    if asked not in {None, by}:
        fault = FieldFault(
            f"/query/{EXPAND}",
            "not_allowed",
            f"Must be one of: '{by}'.",
            f"Допустимо одно из: '{by}'.",
        )
        raise ValidationFailed(errors=[fault])
    return asked is not None


def expand_parameter(by: str, description: str) -> dict[str, Any]:
    """Return the parameter as an OpenAPI document has it."""
    return {
        "name": EXPAND,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string", "enum": [by]},
    }
