"""Which raw paths are let in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.refusals import PathRefused, UriTooLong
from gateway.routing.paths import MAX_URI_BYTES, check


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/v1/payments",
        b"/v1/payments/",
        b"/.well-known/jwks.json",
        b"/v1/shop/categories/..x",
        b"/v1/shop/categories/x..",
        b"/v1/shop/categories/...",
        b"/v1/users/a@b:c~d_e-f!$&'()*+,=",
        b"/v1/shop/categories/%D0%BF%d0%b8%20",
    ],
)
def test_plain_paths_pass(path: bytes) -> None:
    check(path, b"limit=1&q=%2e%2e%2f//..;")


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"*",
        b"v1",
        b"//",
        b"/v1//x",
        b"/..",
        b"/.",
        b"/v1/../x",
        b"/v1/./x",
        b"/v1;x",
        b"/v1\\x",
        b"/v1 x",
        b"/v1\tx",
        b"/v1\x00",
        b"/v1\x7f",
        b"/v1\xff",
        b"/v1?x",
        b"/v1#x",
        b'/v1"x',
        b"/v1<x>",
        b"/v1%",
        b"/v1%4",
        b"/v1%4g",
        b"/v1%zz",
        b"/v1%%20",
        b"/v1%+1",
        b"/v1% 1",
    ],
)
def test_paths_that_could_be_read_differently_do_not(path: bytes) -> None:
    with pytest.raises(PathRefused):
        check(path, b"")


@pytest.mark.parametrize("byte", [*range(0x20), 0x25, 0x2E, 0x2F, 0x3B, 0x5C, 0x7F])
def test_what_means_something_in_a_path_must_not_be_encoded(byte: int) -> None:
    for spelling in (b"/v1/a%%%02xb" % byte, b"/v1/a%%%02Xb" % byte):
        with pytest.raises(PathRefused):
            check(spelling, b"")


@pytest.mark.parametrize(
    "path",
    [b"/v1/payments/expor%74.csv", b"/v1/auth/%6Cogin", b"/v1/shop/orders/1/%70ay", b"/v1%5fx"],
)
def test_what_never_need_be_encoded_must_not_be_so_that_no_limit_is_escaped(path: bytes) -> None:
    with pytest.raises(PathRefused):
        check(path, b"")


@given(st.binary(max_size=60))
def test_any_bytes_pass_or_are_refused(path: bytes) -> None:
    try:
        check(b"/" + path, b"")
    except PathRefused:
        return
    assert b"//" not in b"/" + path
    assert b".." not in path.split(b"/")


def test_path_and_query_count_together() -> None:
    check(b"/" + b"x" * (MAX_URI_BYTES // 2 - 1), b"x" * (MAX_URI_BYTES // 2))
    with pytest.raises(UriTooLong):
        check(b"/" + b"x" * (MAX_URI_BYTES // 2), b"x" * (MAX_URI_BYTES // 2))
