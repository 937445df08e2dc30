"""Whatever a caller sends: a path means one thing to every reader, and headers claim nothing."""

import posixpath
from contextlib import suppress
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.forwarding.headers import HeaderSorter, Inbound
from gateway.refusals import PathRefused
from gateway.routing.paths import check
from kit.http import ONCE_ONLY
from kit.refusals import RequestRefused

# Pieces that readers of paths disagree about, between ordinary ones.
PIECES = [
    *("v1", "payments", "7", "a.b", "...", "..x", "~", "@me", "a:b", "%20", "%D0%BF", "%41"),
    *("..", ".", "", ";x", "..;", "%2e%2e", "%2E.", "%2f", "%5c", "\\", "%00", "%0a", "%25", "%"),
    *("?", "#", "%3f", "%23", "|", " ", "\t"),
]
paths = st.lists(st.sampled_from(PIECES), max_size=6).map("/".join) | st.lists(
    st.sampled_from(PIECES), max_size=6
).map("".join)


@pytest.mark.check(43)
@given(paths)
def test_a_path_that_passes_means_the_same_decoded_tidied_or_as_it_came(text: str) -> None:
    path = f"/{text}".encode()
    with suppress(PathRefused):
        check(path, b"")
        decoded = unquote_to_bytes(path)
        # A server that decodes, one that resolves dots, one that decodes twice, one by a library.
        assert decoded.count(b"/") == path.count(b"/")
        tidied = posixpath.normpath(decoded)
        assert decoded in {tidied, tidied + b"/"}
        assert unquote_to_bytes(decoded) == decoded
        assert urlsplit(f"http://x{path.decode()}").path == path.decode()
        assert not {b";", b"\\", b"\0", b"\n"} & {bytes([byte]) for byte in decoded}


CLAIMS = ["x-user-id", "x-roles", "x-forwarded-for", "x-auth-subject", "x-real-ip", "forwarded"]
USUAL = ["accept", "user-agent", "x-a", "prefer", "cookie", "content-type", "idempotency-key"]
OWN = ["host", "content-length", "connection", "te", "upgrade", "x-request-id", "traceparent"]
spelt = st.sampled_from(CLAIMS).flatmap(
    lambda name: st.tuples(*[st.sampled_from("-_.") if c == "-" else st.just(c) for c in name])
)
names = st.sampled_from([*USUAL, *OWN]) | spelt.map("".join) | spelt.map("".join).map(str.title)
values = st.text("abc,- 1", max_size=12)
headers = st.lists(st.tuples(names.map(str.encode), values.map(str.encode)), max_size=12)


@pytest.mark.check(53)
@given(headers)
def test_no_claim_passes_in_any_spelling_and_all_else_passes_in_order(
    sent: list[tuple[bytes, bytes]],
) -> None:
    inbound, once = Inbound(), [name for name, _ in sent if name in ONCE_ONLY]
    try:
        HeaderSorter().inward(sent, inbound)
    except RequestRefused:
        assert len(once) > len(set(once))
        return
    assert len(once) == len(set(once))
    named = {
        one.strip().lower()
        for name, value in sent
        if name == b"connection"
        for one in value.split(b",")
    }
    expected = [(name, value) for name, value in sent if name.decode() in USUAL]
    dropped = [header for header in expected if header not in inbound.passed]
    assert all(name in named for name, _ in dropped)
    assert inbound.passed == [header for header in expected if header in inbound.passed]
    assert inbound.size == sum(len(name) + len(value) + 4 for name, value in sent)


@given(headers)
def test_what_a_sorter_has_learnt_of_others_changes_nothing(
    sent: list[tuple[bytes, bytes]],
) -> None:
    seasoned, fresh = HeaderSorter(), HeaderSorter()
    for number in range(1_100):  # more names than it remembers
        seasoned.inward([(b"x-%d" % number, b"")], Inbound())
    found = []
    for sorter in (seasoned, seasoned, fresh):
        inbound = Inbound()
        try:
            sorter.inward(sent, inbound)
        except RequestRefused:
            found.append(None)
        else:
            found.append((inbound.passed, inbound.read, inbound.size))
    assert found[0] == found[1] == found[2]
