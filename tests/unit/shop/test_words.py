"""Words and slugs: how texts are split and names spelt."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.slugs import LONGEST, PATTERN, slug_of
from shop.domain.words import name_key, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Наушники К-72", ["наушники", "к", "72"]),
        ("Ёлка ЁЛКА", ["елка", "елка"]),
        ("ﬁne ＡＢＣ", ["fine", "abc"]),
        ("v1.2, e-mail@x.org", ["v1", "2", "e", "mail", "x", "org"]),
        ("100% _*'\"\\ & | ! ( ) :*", ["100"]),
        ("naïve cafe\u0301", ["naïve", "café"]),
        ("नमस्ते", ["नमस्ते"]),
        ("🙂", []),
    ],
)
def test_a_text_is_split_into_its_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text())
def test_words_are_the_words_of_themselves(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words


@given(st.text(max_size=60))
def test_a_key_is_short_and_the_same_for_other_spellings(name: str) -> None:
    assert len(name_key(name)) <= 40
    assert name_key(name) == name_key(name.replace("Ё", "Е").replace("ё", "е"))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Phone X", "phone-x"),
        ("Наушники", "naushniki"),
        ("  --a  b-- ", "a-b"),
        ("東京", "dongjing"),
        ("C++", "c"),
        ("!!!", ""),
    ],
)
def test_a_name_has_a_slug_where_it_can_be_spelt(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@given(st.text())
def test_a_slug_is_plain_and_short_or_empty(name: str) -> None:
    slug = slug_of(name)
    assert slug == "" or (re.fullmatch(PATTERN, slug) and len(slug) <= LONGEST)
