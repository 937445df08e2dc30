"""kit.web.openapi.problems: what the document says of refusals, headers included."""

import pytest

from kit.refusals import (
    Forbidden,
    IdempotencyInFlight,
    MethodNotAllowed,
    NotAuthenticated,
    Refusal,
    Unavailable,
)
from kit.web.openapi.problems import answers

EVERYWHERE = {"X-Request-Id", "Content-Language"}


@pytest.mark.parametrize(
    ("refusal", "headers"),
    [
        (Forbidden, set()),
        (NotAuthenticated, {"WWW-Authenticate"}),
        (MethodNotAllowed, {"Allow"}),
        (IdempotencyInFlight, {"Retry-After"}),
        (Unavailable, {"Retry-After"}),
    ],
)
def test_a_refusal_is_described_with_the_headers_that_come_with_it(
    refusal: type[Refusal], headers: set[str]
) -> None:
    described = answers([refusal], "Problem")
    (answer,) = described.values()
    assert described.keys() == {str(refusal.status)}
    assert {name.lower() for name in answer["headers"]} == {
        name.lower() for name in EVERYWHERE | headers
    }
