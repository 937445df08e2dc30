"""Owns the queries of the gateway's own operations: they take no parameters, and refuse all."""

from kit.refusals import ValidationFailed
from kit.web.faults import unknown_parameter
from kit.web.serving.bodies import parse_query


def refuse_all(query: bytes) -> None:
    """Refuse a query that holds parameters.

    Raises:
        QueryInvalid: one comes twice, or is no UTF-8.
        ValidationFailed: naming them.
    """
    if query and (given := parse_query(query)):
        raise ValidationFailed(errors=[unknown_parameter(name, ()) for name in given])
