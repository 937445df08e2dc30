"""kit.tokens.api_keys: the form by which keys are known, and typing errors found."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tokens.api_keys import is_api_key, is_well_formed, new_api_key

# How scanners look for such keys: gitleaks' and GitHub's rules have this shape.
SCANNED = re.compile(r"\b(sk_(?:test|live)_[0-9a-zA-Z]{10,99})\b")
LENGTH = 57
KEY = "sk_test_" + "0" * 43


@pytest.mark.parametrize(("is_live", "prefix"), [(True, "sk_live_"), (False, "sk_test_")])
def test_a_new_key_says_where_it_is_used_and_is_found_by_scanners(
    prefix: str, *, is_live: bool
) -> None:
    key = new_api_key(is_live=is_live)
    assert key.startswith(prefix)
    assert len(key) == LENGTH
    assert is_api_key(key)
    assert is_well_formed(key)
    assert SCANNED.findall(f'key = "{key}"') == [key]


def test_no_two_keys_are_alike() -> None:
    assert len({new_api_key(is_live=False) for _ in range(1000)}) == 1000


@given(st.integers(0, LENGTH - 1), st.sampled_from("0123456789ABCxyz_"))
def test_one_wrong_character_is_found(place: int, letter: str) -> None:
    key = new_api_key(is_live=False)
    typed = key[:place] + letter + key[place + 1 :]
    assert is_well_formed(typed) is (typed == key)


@pytest.mark.parametrize(
    "text", ["", "sk_", KEY, KEY + "ключи", "x" + KEY, "sk_test_" + "0" * 48, "sk_prod_" + "0" * 49]
)
def test_what_has_another_form_is_no_key(text: str) -> None:
    assert not is_well_formed(text)


def test_a_cut_or_lengthened_key_is_no_key() -> None:
    key = new_api_key(is_live=True)
    assert not is_well_formed(key[:-1])
    assert not is_well_formed(key + "0")
    assert not is_well_formed(key + "\n")


def test_an_access_token_does_not_pass_for_a_key() -> None:
    assert not is_api_key("eyJhbGciOiJFUzI1NiJ9.e30.c2ln")
