"""Which headers pass, and which do not."""

import pytest

from gateway.forwarding.headers import MAX_HEADER_BYTES, HeaderSorter, Inbound
from gateway.refusals import HeadersTooLarge
from kit.refusals import RequestRefused


def inward(*headers: tuple[bytes, bytes]) -> Inbound:
    inbound = Inbound()
    HeaderSorter().inward(headers, inbound)
    return inbound


def test_headers_pass_in_order_as_they_came() -> None:
    headers = [(b"accept", b"*/*"), (b"x-a", b"1"), (b"authorization", b"Bearer x"), (b"x-a", b"2")]
    assert inward(*headers).passed == headers


def test_what_the_gateway_reads_is_read_and_only_some_of_it_passed() -> None:
    inbound = inward(
        (b"authorization", b"a"),
        (b"content-type", b"b"),
        (b"host", b"c"),
        (b"content-length", b"4"),
        (b"x-request-id", b"e"),
    )
    assert inbound.read == {
        b"authorization": b"a",
        b"content-type": b"b",
        b"host": b"c",
        b"content-length": b"4",
        b"x-request-id": b"e",
    }
    assert [name for name, _ in inbound.passed] == [b"authorization", b"content-type"]


@pytest.mark.parametrize(
    "name",
    [
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"transfer-encoding",
    ],
)
def test_what_may_come_once_only_is_refused_twice(name: bytes) -> None:
    with pytest.raises(RequestRefused):
        inward((name, b"1"), (name, b"1"))


@pytest.mark.parametrize(
    "name",
    [b"x-user-id", b"x_user_id", b"x.user.id", b"x-user_id", b"X-User-Id", b"forwarded", b"a_b"],
)
def test_claims_and_ambiguous_names_are_dropped_in_every_spelling(name: bytes) -> None:
    assert inward((name, b"1")).passed == []


@pytest.mark.parametrize("name", [b"x-username-hint", b"x-rolex", b"user-agent", b"x-served-by"])
def test_names_that_only_look_alike_pass(name: bytes) -> None:
    assert inward((name, b"1")).passed == [(name, b"1")]


@pytest.mark.parametrize("connection", [b"keep-alive", b"close", b"Keep-Alive"])
def test_a_usual_connection_header_takes_nothing_away(connection: bytes) -> None:
    assert inward((b"connection", connection), (b"x-a", b"1")).passed == [(b"x-a", b"1")]


def test_connection_takes_away_what_it_names_but_not_what_belongs_to_the_request() -> None:
    inbound = inward(
        (b"x-a", b"1"),
        (b"authorization", b"t"),
        (b"idempotency-key", b"k"),
        (b"connection", b"close, X-A,authorization , idempotency-key"),
    )
    assert [name for name, _ in inbound.passed] == [b"authorization", b"idempotency-key"]


def test_a_block_that_is_too_large_is_refused() -> None:
    inward((b"x-a", b"1" * (MAX_HEADER_BYTES - 7))).check(1)
    with pytest.raises(HeadersTooLarge):
        inward((b"x-a", b"1" * (MAX_HEADER_BYTES - 6))).check(1)
    with pytest.raises(HeadersTooLarge):
        inward((b"x-a", b"1")).check(101)


def test_names_of_an_answer_are_lowered_and_hop_by_hop_dropped() -> None:
    sorter = HeaderSorter()
    headers = [
        (b"Content-Type", b"text/plain"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Connection", b"close"),
        (b"Server", b"x"),
        (b"Date", b"x"),
        (b"X-Request-Id", b"x"),
        (b"ETag", b'"X"'),
    ]
    for _ in range(2):
        assert sorter.outward(headers) == [(b"content-type", b"text/plain"), (b"etag", b'"X"')]


def test_the_memory_of_names_is_bounded() -> None:
    sorter = HeaderSorter()
    for number in range(3000):
        inbound = Inbound()
        name = b"x-%d" % number
        sorter.inward([(name, b"1")], inbound)
        assert inbound.passed == [(name, b"1")]
        assert sorter.outward([(b"X-%d" % number, b"1")]) == [(name, b"1")]
    assert len(sorter._inward) == len(sorter._outward) == 1000


@pytest.mark.parametrize(
    ("credentials", "bearer"),
    [
        (b"Bearer x", "x"),
        (b"bEARER  x ", "x"),
        (b"Bearer ", ""),
        (b"Basic x", None),
        (b"Bearer", None),
        (b"Bearer \xff", "\xff"),
    ],
)
def test_a_bearers_credentials_are_read_whatever_they_are(
    credentials: bytes, bearer: str | None
) -> None:
    assert inward((b"authorization", credentials)).bearer == bearer
    assert inward().bearer is None


def test_other_credentials_can_take_the_place_of_those_that_came() -> None:
    inbound = inward((b"authorization", b"Bearer sk_test_x"), (b"accept", b"*/*"))
    inbound.authorise_by("token")
    assert inbound.passed == [(b"accept", b"*/*"), (b"authorization", b"Bearer token")]
    inbound.authorise_by(None)
    assert inbound.passed == [(b"accept", b"*/*")]
