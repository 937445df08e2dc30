"""Codes of apps, recovery codes, challenges: which are good, and what they prove."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from auth.domain.factors import recovery
from auth.domain.factors.challenges import LIFETIME, MOST_TRIES, Challenge, ChallengeKind, is_open
from auth.domain.factors.methods import (
    ONE_TIME_CODE,
    PASSKEY,
    PASSWORD,
    Factor,
    amr_of,
    methods_of,
)
from auth.domain.factors.totp import step_of, uri_of

# RFC 6238, appendix B: SHA-1, the key "12345678901234567890", and the last six of its eight digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
ALICE, BOB = UUID(int=1), UUID(int=2)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert step_of(SECRET, code, at(seconds), last_step=None) == seconds // 30


@pytest.mark.parametrize(("late", "is_good"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_differ_by_one_step(
    late: int,
    is_good: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    found = step_of(SECRET, "050471", at(1111111111 + late), last_step=None)
    assert found == (1111111111 // 30 if is_good else None)


def test_a_code_is_good_once_and_none_before_it_is() -> None:
    step = 1111111111 // 30
    now = at(1111111111)
    assert step_of(SECRET, "050471", now, last_step=step - 1) == step
    assert step_of(SECRET, "050471", now, last_step=step) is None
    assert step_of(SECRET, "081804", now, last_step=step) is None


@pytest.mark.parametrize("code", ["", "50471", "0504710", "٠٥٠٤٧١", "\ud800", "000000"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert step_of(SECRET, code, at(1111111111), last_step=None) is None


def test_an_app_is_told_whose_codes_it_shows() -> None:
    uri = uri_of(SECRET, "alice@example.com")
    assert uri.startswith("otpauth://totp/Saldo:alice%40example.com?")
    assert f"secret={SECRET}" in uri
    assert "issuer=Saldo" in uri


def test_a_recovery_code_reads_the_same_however_it_is_typed() -> None:
    code = recovery.text_of(bytes(range(10)))
    assert code == "AAAQ-EAYE-AUDA-OCAJ"
    known = recovery.digest(ALICE, code)
    assert recovery.digest(ALICE, "aaaq eaye auda ocaj") == known
    assert recovery.digest(ALICE, "AAAQEAYEAUDA0CAJ") == known
    assert recovery.digest(BOB, code) != known
    assert recovery.digest(ALICE, "\ud800") != known


def challenge(**changes: int) -> Challenge:
    tries = changes.get("tries", 0)
    return Challenge(ChallengeKind.SECOND_FACTOR, ALICE, 1, tries, at(0) + LIFETIME)


def test_a_challenge_is_open_for_five_minutes_and_five_answers() -> None:
    assert is_open(challenge(), at(0))
    assert is_open(challenge(tries=MOST_TRIES - 1), at(0))
    assert not is_open(challenge(tries=MOST_TRIES), at(0))
    assert is_open(challenge(), at(0) + LIFETIME - timedelta(seconds=1))
    assert not is_open(challenge(), at(0) + LIFETIME)


@pytest.mark.parametrize(
    ("proofs", "amr"),
    [
        ((PASSWORD,), ("pwd",)),
        ((PASSKEY,), ("hwk",)),
        ((PASSWORD, ONE_TIME_CODE), ("pwd", "otp", "mfa")),
        ((PASSWORD, PASSKEY), ("pwd", "hwk", "mfa")),
        ((("pwd", "otp", "mfa"), ONE_TIME_CODE), ("pwd", "otp", "mfa")),
        ((("hwk", "mfa"), PASSWORD), ("hwk", "pwd", "mfa")),
    ],
)
def test_two_factors_are_called_so(proofs: tuple[tuple[str, ...], ...], amr: object) -> None:
    assert amr_of(*proofs) == amr


def test_a_device_that_has_verified_its_user_is_two_factors() -> None:
    assert amr_of(PASSKEY, is_verified=True) == ("hwk", "mfa")


def test_whoever_has_a_factor_may_also_give_a_recovery_code() -> None:
    assert methods_of(()) == []
    assert methods_of({Factor.TOTP}) == ["totp", "recovery_code"]
    assert methods_of(set(Factor)) == ["passkey", "totp", "recovery_code"]
