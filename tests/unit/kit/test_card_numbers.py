import pytest

from kit.card_numbers import holds_card_number, with_masked_card_numbers

VISA, MIR, AMEX, MAESTRO = (
    "4111111111111111",
    "2200000000000004",
    "378282246310005",
    "6759649826438453",
)


@pytest.mark.parametrize(
    "text",
    [
        VISA,
        MIR,
        AMEX,
        MAESTRO,
        "4222222222222",
        "6304000000000000000",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111/1111/1111/1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\u20141111\u20141111\u20141111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111 - 1111 - 1111 - 1111",
        f"card:{VISA}, valid till 12/29",
        f"my card {VISA} 12 29",
        f"room 12, {VISA}",
        f"12 34 {VISA}",
        "x4111111111111111x",
        "4111\u200b1111\u200b1111\u200b1111",
        "\u0664" + VISA[1:],
        "".join(chr(0x0660 + int(digit)) for digit in VISA),
        "".join(chr(0xFF10 + int(digit)) for digit in VISA),
        f"first line\n{VISA}\nlast line",
        f"01a227ef-3512-7491-9302-5775578f6702 {VISA}",
        "01a227ef35127491-9302-5775578f6702",
        "01a227ef-3512-7491-9302-5775578f67020 4111 1111 1111 1111",
    ],
)
def test_a_full_card_number_is_recognised_however_it_is_written(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "For the concert tickets",
        "4242",
        "4111111111111112",
        "+7 912 345-67-89",
        "8 800 555-35-35",
        "1700000000000",
        "40817810099910004312",
        "invoice 2026-01-31 no. 1024",
        "0000000000000000",
        "411111111111",
        "4111 1111 and 1111 1111",
        "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
        "01a227ef-3512-7491-9302-5775578f6702",
        "order:01A227EF-3512-7491-9302-5775578F6702;",
        "½½½½½½½½½½½½½½½½",
    ],
)
def test_other_text_and_other_numbers_pass(text: str) -> None:
    assert not holds_card_number(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("For the concert tickets", "For the concert tickets"),
        (f"card {VISA}, valid", "card ************1111, valid"),
        ("4111 1111-1111 1111", "**** ****-**** 1111"),
        (f"{VISA} to {MIR}", "************1111 to ************0004"),
        (f"{VISA} {VISA}", "************1111 ************1111"),
        ("4111\u200b1111\u200b1111\u200b1111", "************1111"),
        (f"room 7, {VISA} 56", "room 7, ************1111 56"),
        ("account 40817810099910004312", "account 40817810099910004312"),
    ],
)
def test_of_a_full_card_number_the_last_digits_are_left(text: str, masked: str) -> None:
    assert with_masked_card_numbers(text) == masked
    assert not holds_card_number(masked)


@pytest.mark.check(40)
def test_long_text_full_of_digits_is_searched_in_linear_steps() -> None:
    assert not holds_card_number("1 " * 5_000)
    assert holds_card_number("1 " * 5_000 + VISA)
