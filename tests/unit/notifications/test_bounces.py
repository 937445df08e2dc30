"""Whose trouble a mail server's answer is, as a table; and when an address is muted."""

from datetime import UTC, datetime, timedelta

import pytest

from notifications.domain.bounces import (
    COUNTED_APART,
    MUTED_FOR,
    REFUSED_FOR,
    REMEMBERED,
    AddressFaults,
    Blame,
    Stage,
    decide_faults,
    judge,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stage", "code", "text", "blame"),
    [
        # the address, by its enhanced code alone, at RCPT and at the end of DATA
        (Stage.RCPT, 550, "5.1.1 <bob@example.com>: user unknown", Blame.ADDRESS),
        (Stage.RCPT, 550, "5.1.2 no such domain", Blame.ADDRESS),
        (Stage.RCPT, 553, "5.1.3 bad address", Blame.ADDRESS),
        (Stage.RCPT, 556, "5.1.10 the domain takes no mail", Blame.ADDRESS),
        (Stage.RCPT, 550, "5.2.1 mailbox disabled", Blame.ADDRESS),
        (Stage.RCPT, 550, "5.1.1 user\n5.1.1 unknown", Blame.ADDRESS),
        (Stage.DATA, 550, "5.1.1 user unknown", Blame.ADDRESS),
        (Stage.RCPT, 554, "5.1.1 user unknown", Blame.ADDRESS),
        # the sender: who we are, what we may, how much
        (Stage.RCPT, 554, "Transaction failed", Blame.SENDER),
        (Stage.RCPT, 554, "5.7.1 relay access denied", Blame.SENDER),
        (Stage.RCPT, 550, "5.7.1 blocked", Blame.SENDER),
        (Stage.RCPT, 530, "5.7.0 must issue STARTTLS first", Blame.SENDER),
        (Stage.RCPT, 550, "5.4.5 daily sending quota exceeded", Blame.SENDER),
        (Stage.RCPT, 550, "5.1.8 sender's domain not found", Blame.SENDER),
        (Stage.RCPT, 553, "5.1.7 sender's address malformed", Blame.SENDER),
        (Stage.RCPT, 550, "5.1.0 sender address rejected: user unknown", Blame.SENDER),
        (Stage.RCPT, 503, "bad sequence of commands", Blame.SENDER),
        (Stage.RCPT, 550, "5.7.1 remote said: 550 5.1.1 user unknown", Blame.SENDER),
        (Stage.DATA, 554, "5.7.1 looks like spam", Blame.SENDER),
        (Stage.DATA, 552, "5.3.4 message too large", Blame.SENDER),
        (Stage.MAIL, 550, "5.1.1 no such sender", Blame.SENDER),
        (Stage.MAIL, 451, "4.3.0 not now", Blame.SENDER),
        # this recipient, now, or nobody knows why
        (Stage.RCPT, 550, "no such user here", Blame.RECIPIENT),
        (Stage.RCPT, 550, "5.2.2 mailbox full", Blame.RECIPIENT),
        (Stage.RCPT, 451, "4.7.1 greylisted", Blame.RECIPIENT),
        (Stage.RCPT, 450, "5.1.1 is not meant", Blame.RECIPIENT),
        (Stage.DATA, 452, "4.2.2 mailbox full", Blame.RECIPIENT),
        # the connection
        (Stage.CONNECT, 554, "5.7.1 you are listed", Blame.SERVER),
        (Stage.CONNECT, 535, "5.7.8 wrong password", Blame.SERVER),
        (Stage.RCPT, 421, "4.3.2 closing", Blame.SERVER),
        (Stage.DATA, 421, "closing", Blame.SERVER),
    ],
)
def test_an_answer_is_somebodys_trouble(stage: Stage, code: int, text: str, blame: Blame) -> None:
    verdict = judge(stage, code, text)
    assert verdict.blame is blame
    assert verdict.is_alarming == (blame in (Blame.SERVER, Blame.SENDER))
    assert verdict.is_everybodys == (blame is Blame.SERVER or stage is Stage.MAIL)
    assert "@" not in str(verdict)


def refused(*hours: float, before: AddressFaults | None = None) -> AddressFaults:
    """Return what is held against an address after faults at these hours."""
    faults = before
    for hour in hours:
        faults = decide_faults(faults, NOW + timedelta(hours=hour))
    assert faults is not None
    return faults


@pytest.mark.parametrize(
    ("hours", "is_muted"),
    [
        ([0], False),
        ([0, 0.1, 0.2, 0.3, 0.9], False),  # one bad hour, however many mails
        ([0, 1, 2, 3, 4, 5, 23.9], False),  # one bad day
        ([0, 24], False),  # twice
        ([0, 12, 24], True),
        ([0, 0.2, 24, 24.1], False),
        ([0, 1, 24], True),
        ([0, 1, 24 * 40], False),  # long ago
    ],
)
def test_an_address_is_muted_by_faults_of_a_day_at_least(
    hours: list[float],
    is_muted: bool,  # noqa: FBT001
) -> None:
    faults = refused(*hours)
    assert faults.is_muted(NOW + timedelta(hours=hours[-1])) is is_muted


def test_a_mute_has_an_end_and_the_next_refusal_is_another() -> None:
    faults = refused(0, 12, 24)
    end = NOW + timedelta(hours=24) + MUTED_FOR
    assert faults.muted_until == end
    assert faults.is_muted(end - timedelta(seconds=1))
    assert not faults.is_muted(end)
    assert decide_faults(faults, end).is_muted(end)
    assert not decide_faults(faults, end + REMEMBERED).is_muted(end + REMEMBERED)


def test_the_spans_fit_each_other() -> None:
    assert COUNTED_APART < REFUSED_FOR < MUTED_FOR < REMEMBERED
