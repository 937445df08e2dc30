"""Refuses every query parameter of the gateway's own operations: they take none."""

from kit.refusals import ValidationFailed
from kit.web.faults import unknown_parameter
from kit.web.serving.bodies import parse_query


def refuse_all(query: bytes) -> None:
    """Refuse a query that holds parameters.

    Raises:
        QueryInvalid: one comes twice, or is no UTF-8.
        ValidationFailed: there are parameters, which it names.
    """
    if query and (given := parse_query(query)):
        raise ValidationFailed(errors=[unknown_parameter(name, ()) for name in given])
