from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kit.card_numbers import ISSUERS, LENGTHS, holds_card_number

SEPARATORS = ("", " ", "-", ".", "\u00a0", "\u200b", " - ")
LETTERS = st.text(alphabet="abcXYZ ёй!?()\n", max_size=20)


def check_digit(payload: str) -> str:
    """The Luhn digit, worked out another way: the one of ten that makes the sum divisible."""
    values = []
    for position, digit in enumerate(reversed(payload)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        values.append(value - 9 if value > 9 else value)
    return str(-sum(values) % 10)


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    length = draw(st.sampled_from(LENGTHS))
    first = draw(st.sampled_from(sorted(ISSUERS)))
    payload = first + draw(st.text("0123456789", min_size=length - 2, max_size=length - 2))
    return payload + check_digit(payload)


@given(card_numbers(), st.sampled_from(SEPARATORS), st.integers(1, 6), LETTERS, LETTERS)
def test_every_card_number_is_recognised_however_it_is_grouped_and_surrounded(
    number: str, separator: str, size: int, before: str, after: str
) -> None:
    groups = [number[start : start + size] for start in range(0, len(number), size)]
    assert holds_card_number(before + separator.join(groups) + after)


@given(card_numbers())
def test_with_another_check_digit_it_is_no_card_number(number: str) -> None:
    wrong = str((int(number[-1]) + 1) % 10)
    assert not holds_card_number(number[:-1] + wrong)


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    assert holds_card_number(text) in (True, False)


@st.composite
def uuids(draw: st.DrawFn) -> UUID:
    """Of the versions and the variant of RFC 9562; other numbers of that length are none."""
    one = draw(st.uuids()).hex
    version, variant = draw(st.sampled_from("12345678")), draw(st.sampled_from("89ab"))
    return UUID(one[:12] + version + one[13:16] + variant + one[17:])


@given(one=uuids(), bare=st.booleans(), after=LETTERS)
def test_no_uuid_is_a_card_number(one: UUID, *, bare: bool, after: str) -> None:
    text = one.hex if bare else str(one)
    assert not holds_card_number(f"order {text} {after}")
    assert not holds_card_number(text.upper())
