"""Which passwords are good enough."""

import pytest

from auth.domain.breached import BITS, BREACHED, BloomFilter
from auth.domain.passwords import canonical, folded, new_password
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
@pytest.mark.parametrize(
    "text",
    [
        *("password", "12345678", "1q2w3e4r5t", "administrator", "liverpool1", "zaq1zaq1"),
        *("PassWord123", "ＰＡＳＳＷＯＲＤ", "йцукенгш", "ЙЦУКЕНГШ", "ПАРОЛЬ123", "фывапролд"),
        *("любовь123", "Summer2026", "p@ssw0rd", "11111111", "trustno1"),
    ],
)
def test_what_is_known_from_breaches_is_refused_however_it_is_typed(text: str) -> None:
    with pytest.raises(PasswordTooCommon):
        new_password(text)


def test_hardly_any_other_password_is_taken_for_a_breached_one() -> None:
    others = (f"{number:08x}-of-this-test" for number in range(50_000))
    assert sum(other in BREACHED for other in others) < 25


def test_a_filter_holds_what_was_put_in_and_is_read_from_its_bits() -> None:
    made = BloomFilter.of(["one password", "пароль", "\ud800"])
    for given in (made, BloomFilter(bytes(made))):
        assert all(text in given for text in ("one password", "пароль", "\ud800"))
        assert "another password" not in given
    with pytest.raises(ValueError, match="bits"):
        BloomFilter(bytes(BITS // 8 - 1))


def test_what_is_compared_has_neither_case_nor_width() -> None:
    assert folded("ＰａｓｓWORD①") == "password1"


def test_two_ways_of_composing_an_accent_are_one_password() -> None:
    assert canonical("caf\u00e9 noir") == canonical("cafe\u0301 noir")


@pytest.mark.check(29)
def test_a_space_at_the_end_and_a_circled_digit_stay_what_they_are() -> None:
    assert canonical("secret words ") != canonical("secret words")
    assert canonical("①23456789") != canonical("123456789")
