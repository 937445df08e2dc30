"""kit.web.address: where a request came from."""

from typing import Any

import pytest
from starlette.requests import Request

from kit.web.address import address_of


@pytest.mark.parametrize(
    ("headers", "client", "address"),
    [
        ([(b"x-forwarded-for", b"203.0.113.7")], ("10.0.0.1", 5000), "203.0.113.7"),
        ([], ("10.0.0.1", 5000), "10.0.0.1"),
        ([], None, ""),
    ],
)
def test_the_gateways_word_counts_before_the_connection(
    headers: list[tuple[bytes, bytes]], client: Any, address: str
) -> None:
    request = Request({"type": "http", "headers": headers, "client": client})
    assert address_of(request) == address
