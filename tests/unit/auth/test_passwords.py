"""Which passwords are good enough."""

import pytest

from auth.domain.common_passwords import COMMON_PASSWORDS
from auth.domain.passwords import canonical, new_password
from auth.refusals import PasswordTooCommon, PasswordWrongLength


@pytest.mark.parametrize(
    "text", ["8 chars!", "x" * 256, "密码пароль🔑密码", "demo-password-1", "correct horse "]
)
def test_length_is_all_that_is_asked_of_an_uncommon_password(text: str) -> None:
    assert new_password(text) == text


@pytest.mark.check(29)
@pytest.mark.parametrize("text", ["", "seven77", "x" * 257, "x" * 10_000])
def test_seven_characters_and_257_are_refused(text: str) -> None:
    with pytest.raises(PasswordWrongLength):
        new_password(text)


@pytest.mark.check(29)
@pytest.mark.parametrize("text", ["password", "PassWord123", "12345678", "йцукенгш", "ПАРОЛЬ123"])
def test_the_commonest_are_refused_whatever_their_case(text: str) -> None:
    with pytest.raises(PasswordTooCommon):
        new_password(text)


def test_every_listed_password_is_one_that_length_alone_would_let_through() -> None:
    assert min(map(len, COMMON_PASSWORDS)) >= 7
    assert all(password == password.casefold() for password in COMMON_PASSWORDS)


def test_two_ways_of_composing_an_accent_are_one_password() -> None:
    assert canonical("caf\u00e9 noir") == canonical("cafe\u0301 noir")


@pytest.mark.check(29)
def test_a_space_at_the_end_and_a_circled_digit_stay_what_they_are() -> None:
    assert canonical("secret words ") != canonical("secret words")
    assert canonical("①23456789") != canonical("123456789")
