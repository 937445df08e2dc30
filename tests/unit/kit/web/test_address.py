"""kit.web.address: where a request came from."""

from typing import Any

import pytest
from starlette.requests import Request

from kit.http import usual_address
from kit.web.address import address_of


@pytest.mark.parametrize(
    ("headers", "client", "address"),
    [
        ([(b"x-forwarded-for", b"203.0.113.7")], ("10.0.0.1", 5000), "203.0.113.7"),
        ([], ("10.0.0.1", 5000), "10.0.0.1"),
        ([], ("::ffff:10.0.0.1", 5000), "10.0.0.1"),
        ([], None, ""),
    ],
)
def test_the_gateways_word_counts_before_the_connection(
    headers: list[tuple[bytes, bytes]], client: Any, address: str
) -> None:
    request = Request({"type": "http", "headers": headers, "client": client})
    assert address_of(request) == address


@pytest.mark.parametrize(
    ("given", "usual"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:0:1:2", "::ffff:0:1:2"),
        ("::ffff:somewhere", "::ffff:somewhere"),
        ("", ""),
    ],
)
def test_an_ipv4_address_is_written_in_one_way(given: str, usual: str) -> None:
    assert usual_address(given) == usual
