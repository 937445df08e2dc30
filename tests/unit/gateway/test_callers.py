"""Whose word about where a request comes from counts."""

from ipaddress import ip_network
from typing import Any

import pytest

from gateway.forwarding.callers import TrustedProxies
from gateway.forwarding.request import ProxiedRequest
from gateway.settings import ProxyHeader
from testkit.growth import grows_with_its_text

PROXY, CALLER, LIAR = "10.0.0.1", "203.0.113.7", "198.51.100.66"
PIECES = [
    '"',
    '\\"',
    '"\\',
    ' "\\',
    ',"\\',
    ",",
    ";",
    " ",
    "a",
    "for=",
    'for="',
    "10.0.0.2,",
    "a=b;",
]
NETWORKS = tuple(map(ip_network, ("10.0.0.0/8", "fd00::/8")))


def origin(
    *said: str, peer: str = PROXY, header: ProxyHeader = "x-forwarded-for", proto: str = ""
) -> tuple[str, str]:
    """Whom a gateway behind our proxies takes for the caller; each of `said` is one header."""
    headers = [(header.encode(), value.encode("latin-1")) for value in said]
    if proto:
        headers.append((b"x-forwarded-proto", proto.encode()))
    return TrustedProxies(NETWORKS, header).origin(peer, "http", headers)


@pytest.mark.parametrize(
    ("said", "caller"),
    [
        ([CALLER], CALLER),
        ([f"{LIAR}, {CALLER}"], CALLER),
        ([f"{LIAR}, {CALLER}, 10.0.0.2"], CALLER),
        ([f"{CALLER}, 10.0.0.2,10.0.0.3"], CALLER),
        ([LIAR, CALLER], CALLER),
        ([CALLER, "10.0.0.2"], CALLER),
        ([f"{CALLER}:50123"], CALLER),
        (["2001:DB8::1"], "2001:db8::1"),
        (["[2001:db8::1]:443"], "2001:db8::1"),
        ([f"::ffff:{CALLER}"], CALLER),
        ([f"{CALLER}, fd00::2"], CALLER),
        ([f"{LIAR},,{CALLER},"], CALLER),
        ([f'", {CALLER}'], CALLER),
        ([f'"{LIAR}, {CALLER}', "10.0.0.2"], CALLER),
        ([f'{LIAR}", "\\, {CALLER}'], CALLER),
    ],
)
def test_the_rightmost_address_that_is_no_proxys_is_the_callers(
    said: list[str], caller: str
) -> None:
    assert origin(*said) == (caller, "http")


@pytest.mark.parametrize(
    ("said", "caller"),
    [
        ([], PROXY),
        ([""], PROXY),
        (["unknown"], PROXY),
        ([f"{CALLER}, unknown"], PROXY),
        ([f"{CALLER}, bad value, 10.0.0.2"], "10.0.0.2"),
        (["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        (["fe80::1%eth0"], PROXY),
        (["1.2.3"], PROXY),
        (["é"], PROXY),
    ],
)
def test_where_an_address_can_not_be_read_the_one_before_it_counts(
    said: list[str], caller: str
) -> None:
    assert origin(*said)[0] == caller


@pytest.mark.parametrize("peer", [LIAR, "unknown", "", "2001:db8::1"])
def test_nobody_else_is_believed(peer: str) -> None:
    assert origin(CALLER, peer=peer, proto="https") == (peer, "http")
    told = f"for={CALLER};proto=https"
    assert origin(told, peer=peer, header="forwarded") == (peer, "http")


def test_without_trusted_proxies_the_peer_is_the_caller() -> None:
    headers = [(b"x-forwarded-for", CALLER.encode()), (b"x-forwarded-proto", b"https")]
    assert TrustedProxies((), "x-forwarded-for").origin(PROXY, "http", headers) == (PROXY, "http")


@pytest.mark.parametrize(
    ("said", "caller"),
    [
        ([f"for={CALLER}"], (CALLER, "http")),
        ([f"for={CALLER};proto=https;by=10.0.0.1"], (CALLER, "https")),
        ([f'For="{CALLER}:4711" ; Proto="HTTPS"'], (CALLER, "https")),
        (['for="[2001:db8::1]:4711"'], ("2001:db8::1", "http")),
        ([f"for={LIAR};proto=https, for={CALLER};proto=http"], (CALLER, "http")),
        ([f"for={LIAR}", f"for={CALLER};proto=https"], (CALLER, "https")),
        ([f'for={CALLER};host="a,b;for={LIAR}"'], (CALLER, "http")),
        ([f"for={CALLER};proto=https, for=10.0.0.2;proto=http"], (CALLER, "https")),
        (["for=_hidden;proto=https"], (PROXY, "http")),
        ([f"for={CALLER};host=a;for={LIAR}"], (PROXY, "http")),
        ([f'for={CALLER};host="a\\",b;for={LIAR}"'], (CALLER, "http")),
        ([f'for={CALLER};host="a\\\\"'], (CALLER, "http")),
        ([f"for={LIAR}, , for={CALLER},"], (CALLER, "http")),
        (["proto=https"], (PROXY, "http")),
        (["for=;;;"], (PROXY, "http")),
        ([f"for={CALLER};proto=gopher"], (CALLER, "http")),
    ],
)
def test_forwarded_is_read_where_the_proxies_write_that(
    said: list[str], caller: tuple[str, str]
) -> None:
    assert origin(*said, header="forwarded") == caller


@pytest.mark.check(53)
@pytest.mark.parametrize(
    "sent",
    [
        f'for={LIAR};x="',
        f'for="{LIAR}',
        f'for={LIAR};x="\\',
        f'for={LIAR};x="a"b',
        f'for={LIAR};x="\\"',
        f'for={LIAR};"',
        '"',
        "\\",
        ",",
        "",
    ],
)
@pytest.mark.parametrize(
    "appended",
    [
        f"for={CALLER}",
        f'for="{CALLER}:4711"',
        f'for={CALLER};host="a,b;for={LIAR}"',
        f'for={CALLER};host="a\\",b"',
        f'for={CALLER};host="a',  # of a proxy that quotes badly, no more is read than this
        f'for={CALLER};host=a"b',
        f'for={CALLER};host="a,b;for={LIAR}";by=c"d',
    ],
)
def test_nothing_that_a_caller_sends_alters_what_the_proxy_appends(
    sent: str, appended: str
) -> None:
    assert origin(f"{sent}, {appended}", header="forwarded")[0] == CALLER
    assert origin(sent, appended, header="forwarded")[0] == CALLER


@pytest.mark.check(53)
def test_left_of_a_quote_out_of_place_nothing_is_read() -> None:
    told = f'for={CALLER}, for=10.0.0.2;host=a"b'
    assert origin(f"for={LIAR}", told, header="forwarded")[0] == "10.0.0.2"


@pytest.mark.check(40)
@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_a_hostile_header_takes_as_long_as_it_is(header: ProxyHeader, piece: str) -> None:
    def read(said: str) -> None:
        assert origin(f"{said}, for={PROXY}", header=header)[0] in {PROXY, "10.0.0.2"}

    assert grows_with_its_text(read, piece)


def test_the_header_that_the_proxies_do_not_write_is_the_callers_own() -> None:
    headers = [(b"x-forwarded-for", LIAR.encode()), (b"forwarded", f"for={CALLER}".encode())]
    for header, caller in (("x-forwarded-for", LIAR), ("forwarded", CALLER)):
        proxies = TrustedProxies(NETWORKS, header)  # type: ignore[arg-type]
        assert proxies.origin(PROXY, "http", headers)[0] == caller


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        ("http, https", "https"),
        ("wss", "http"),
        ("", "http"),
    ],
)
def test_how_the_caller_asked_is_what_the_nearest_proxy_says(proto: str, scheme: str) -> None:
    assert origin(CALLER, proto=proto) == (CALLER, scheme)


@pytest.mark.check(53)
@pytest.mark.parametrize("peer", [CALLER, f"::ffff:{CALLER}"])
def test_an_ipv4_peer_is_the_same_by_either_socket(peer: str) -> None:
    async def unused(*_: Any) -> Any:
        raise NotImplementedError

    scope = {
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"",
        "scheme": "http",
        "client": (peer, 5000),
    }
    assert ProxiedRequest(scope, unused, unused).caller == CALLER
