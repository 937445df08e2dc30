"""Whatever receivers answer and owners write: webhooks end, and never go inside."""

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.domain.attempts import (
    ATTEMPTS,
    FAILURES_IN_A_ROW,
    MOST_RETRY_AFTER,
    AttemptResult,
    DeliveryStatus,
    decide_next,
    retry_after,
    streak_of,
)
from notifications.domain.bounces import Blame, Stage, decide_faults, judge
from notifications.domain.endpoints import EndpointHealth, OffReason, decide_health
from notifications.domain.networks import is_public
from notifications.domain.webhook_urls import Reach, UrlFaultError, read_url

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PUBLIC = Reach()
# Networks that nothing in production may be sent to, in the words of their registries.
INSIDE = ("10.1.2.3", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "100.64.0.1")

waits = st.none() | st.integers(0, 10**7).map(lambda seconds: timedelta(seconds=seconds))
replies = st.builds(AttemptResult, st.integers(100, 599), waits) | st.builds(
    AttemptResult, st.none(), error=st.sampled_from(["timeout", "connection_lost"])
)
jitters = st.floats(-1, 1)
# Months, digits and signs, so that many texts are nearly dates.
dates = st.text("0123456789 :+-,.JanFebMonGMT", max_size=40)


@given(st.lists(replies, min_size=ATTEMPTS, max_size=ATTEMPTS), st.lists(jitters, min_size=10))
def test_a_delivery_ends_after_ten_tries_at_the_latest_and_never_goes_back_in_time(
    answers: list[AttemptResult], chances: list[float]
) -> None:
    now = NOW
    for tries, (reply, jitter) in enumerate(zip(answers, chances, strict=False), start=1):
        following = decide_next(reply, tries, now, jitter)
        if following.status is not DeliveryStatus.PENDING:
            assert following.at is None
            is_good = reply.error is None and 200 <= (reply.status_code or 0) < 300
            assert is_good == (following.status is DeliveryStatus.DELIVERED)
            return
        assert following.at is not None
        assert following.at > now
        assert following.at - now <= timedelta(hours=24) * 1.1
        now = following.at
    raise AssertionError("ten tries, and it goes on")


@given(st.text(max_size=60) | dates)
@example("1 Jan 2026 0:0 +999999999999999999")
@example("1 Jan 99999999999999999999 0:0")
@example("1 Jan 2026 9999999999999999:0")
def test_any_retry_after_is_a_wait_of_a_day_at_most_or_none(header: str) -> None:
    found = retry_after(header, NOW)
    assert found is None or timedelta(0) <= found <= MOST_RETRY_AFTER


def batches(answers: list[AttemptResult], cuts: Iterable[int]) -> list[list[AttemptResult]]:
    edges = sorted({0, len(answers), *(cut % (len(answers) + 1) for cut in cuts)})
    return [answers[begin:end] for begin, end in pairwise(edges)]


@given(st.lists(replies, min_size=1, max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_an_endpoint_goes_off_by_ten_failures_in_a_row_or_gone_however_they_are_batched(
    answers: list[AttemptResult], cuts: list[int]
) -> None:
    health = EndpointHealth(UUID(int=1), UUID(int=2), "https://example.com/")
    in_a_row = 0
    for batch in batches(answers, cuts):
        before = in_a_row
        for reply in batch:
            in_a_row = 0 if reply.is_success else in_a_row + 1
        health = decide_health(health, streak_of(batch), NOW)
        assert health.failures == in_a_row
        if any(reply.is_gone for reply in batch):
            assert health.off_reason is OffReason.GONE
        else:
            assert (health.off_reason is OffReason.FAILING) == (in_a_row >= FAILURES_IN_A_ROW)
        assert (health.resume_at is None) == (in_a_row == 0)
        if health.off_reason is not None:
            return
        assert before < FAILURES_IN_A_ROW


octets = st.integers(0, 255)
numbers = st.sampled_from(INSIDE).map(lambda text: int(IPv4Address(text))) | st.integers(
    0, 2**32 - 1
)


def spellings(number: int) -> list[str]:
    """Return ways in which browsers, shells and libraries write an IPv4 address."""
    dotted = str(IPv4Address(number))
    a, b, c, d = dotted.split(".")
    return [
        dotted,
        f"{dotted}.",
        str(number),
        hex(number),
        f"0{number:o}",
        f"{a}.{b}.{(int(c) << 8) + int(d)}",
        f"{a}.{(int(b) << 16) + (int(c) << 8) + int(d)}",
        ".".join(f"0x{int(part):x}" for part in (a, b, c, d)),
        ".".join(f"{int(part):04o}" for part in (a, b, c, d)),
        f"[::ffff:{dotted}]",
        f"[::{dotted}]",
        f"[64:ff9b::{dotted}]",
        f"[::ffff:0:{dotted}]",
        f"[2001:db8::5efe:{dotted}]",
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
    ]


@pytest.mark.check(56)
@given(
    numbers, st.sampled_from(["/", "", "/hooks?a=b", "/@x"]), st.sampled_from(["", ":443", ":8443"])
)
def test_no_spelling_of_an_address_leads_inside(number: int, path: str, port: str) -> None:
    address = IPv4Address(number)
    for host in spellings(number):
        with contextlib.suppress(UrlFaultError):
            target = read_url(f"https://{host}{port}{path}", PUBLIC)
            assert target.address is not None, host
            assert is_public(target.address)
            assert address.is_global, host


@given(st.text(max_size=60), st.sampled_from(["https://", "http://", "", "https:/", "ftp://"]))
def test_any_text_is_a_url_to_a_public_place_or_refused(text: str, scheme: str) -> None:
    url = scheme + text
    with contextlib.suppress(UrlFaultError):
        target = read_url(url, PUBLIC)
        parts = urlsplit(url)
        assert parts.scheme == "https"
        assert parts.hostname == target.host
        assert parts.username is None
        assert target.port in {443, 8443}
        assert target.address is None or is_public(target.address)


@pytest.mark.check(56)
@given(st.integers(0, 2**128 - 1) | st.integers(0, 2**48).map(lambda low: (0x2001 << 112) + low))
def test_no_address_of_this_network_is_public(number: int) -> None:
    address = IPv6Address(number)
    if is_public(address):
        kinds = (address.is_loopback, address.is_link_local, address.is_multicast)
        assert not any((*kinds, address.is_unspecified, address.is_site_local))
        mapped = address.ipv4_mapped
        assert mapped is None or mapped.is_global


ANSWERS = ["5.1.1 no such user", "5.1.10 null MX", "4.1.1 later", "5.7.1 policy", "5.2.1 closed"]
answers_said = st.sampled_from(ANSWERS) | st.text(max_size=80)


@given(st.sampled_from(Stage), st.integers(-1, 1000), answers_said)
def test_any_answer_of_a_mail_server_is_somebodys_and_blames_an_address_for_good_reason_alone(
    stage: Stage, code: int, text: str
) -> None:
    verdict = judge(stage, code, text)
    if verdict.blame is Blame.ADDRESS:
        assert 500 <= code < 600
        assert stage in {Stage.RCPT, Stage.DATA}
        assert verdict.status is not None
        assert verdict.status.startswith(("5.1.", "5.2.1"))
    said = str(verdict).removeprefix(stage)
    assert not said.strip(" -.0123456789"), "nothing of the server's own words"


@given(st.lists(st.integers(0, 30 * 24 * 60), max_size=30))
def test_an_address_is_muted_after_three_faults_that_span_a_day_and_never_before(
    minutes: list[int],
) -> None:
    now, faults, first = NOW, None, NOW
    for pause in minutes:
        forgotten = faults is None or timedelta(minutes=pause) > timedelta(days=30)
        now += timedelta(minutes=pause)
        known, faults = faults, decide_faults(faults, now)
        if known is None or now - known.last_at > timedelta(days=30):
            first = now
            assert (faults.count, faults.muted_until) == (1, None)
        assert forgotten or faults.count >= 1
        assert faults.first_at == first
        if faults.is_muted(now):
            assert faults.count >= 3
            assert now - first >= timedelta(hours=24)
            assert faults.muted_until == now + timedelta(days=7)
        else:
            assert faults.count < 3 or now - first < timedelta(hours=24)
