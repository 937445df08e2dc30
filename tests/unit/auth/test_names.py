"""What names may be, and when two are the same."""

import pytest

from auth.domain.names import (
    comparison_key,
    email,
    email_key,
    full_name,
    is_email,
    name_key,
    require_ascii_local,
    username,
)
from auth.refusals import EmailNotAscii, EmailRefused, FullNameRefused, UsernameRefused


@pytest.mark.parametrize(
    "text",
    [
        "bob",
        "a" * 64,
        "алиса",
        "Ünal.Ömer",
        "name+tag",
        "密码用户",
        "o'neill",
        "x_y-z.1",
        "👩‍🚀".replace("\u200d", "") + "ab",
        "ann\u2764\ufe0f",  # a heart as keyboards write it
    ],
)
def test_a_username_of_visible_characters_is_taken_as_written(text: str) -> None:
    assert username(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ab",
        "a" * 65,
        "a b c",
        " alice",
        "alice\u00a0",
        "alice@example.com",
        "alice\uff20home",  # full-width @ is an @ once compared
        "alice\ufe6bhome",  # and so is the small one
        "ali\x00ce",
        "ali\u200bce",
        "ali\u202ece",
        "ali\ud800ce",
        *("admin\ufe0f", "ali\U000e0100ce", "ali\u034fce"),  # variation selectors, a joiner
        *("ali\u3164ce", "ali\uffa0ce", "ali\u2800ce"),  # letters and a symbol that draw nothing
        "ali\nce",
        "\ufdfaabc",  # one character that compares as eighteen, with spaces among them
        "\ufdfb" * 64,
    ],
)
def test_a_username_that_hides_something_is_refused(text: str) -> None:
    with pytest.raises(UsernameRefused) as refused:
        username(text)
    assert [fault.pointer for fault in refused.value.errors] == ["/username"]


def test_a_username_may_not_swell_beyond_the_longest_key() -> None:
    swelling = "\u33a2"  # two characters once compared ("km" squared gives three)
    assert len(comparison_key(swelling)) == 3
    assert username(swelling * 64) == swelling * 64
    with pytest.raises(UsernameRefused):
        username("\u3382\u33a7" * 32 + "x")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice", "alice"),
        ("ALİCE", "ali\u0307ce"),
        ("straße", "STRASSE"),
        ("\uff21lice", "alice"),
        ("caf\u00e9", "cafe\u0301"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_two_spellings_of_one_name_compare_equal(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


def test_comparing_twice_changes_nothing() -> None:
    for text in ("ǰ", "ﬀ", "\u1e9e", "K", "ᾳ", "½"):
        assert comparison_key(comparison_key(text)) == comparison_key(text)


@pytest.mark.parametrize(
    "text", ["a@b.c", "Alice.Smith+tag@Example.COM", "иван@почта.рф", "x" * 64 + "@example.com"]
)
def test_an_ordinary_address_is_taken_as_written(text: str) -> None:
    assert email(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "@example.com",
        "alice@",
        "alice@localhost",
        "alice@.com",
        "alice@example.",
        "alice@exa..mple.com",
        "alice@@example.com",
        "a@b@example.com",
        "a@b.c\r\nBcc: everybody@example.com",
        "a b@example.com",
        "<a>@example.com",
        '"a"@example.com',
        "a,b@example.com",
        "x" * 65 + "@example.com",
        "x@" + "y" * 250 + ".com",
        "a\u200b@example.com",
        "a\x00@example.com",
        "a\ud800@example.com",
    ],
)
def test_what_could_do_harm_in_a_mail_header_is_no_address(text: str) -> None:
    with pytest.raises(EmailRefused):
        email(text)


def test_an_at_sign_tells_an_address_from_a_username_also_in_disguise() -> None:
    assert is_email("alice@example.com")
    assert is_email("alice\uff20example.com")
    assert not is_email("alice")


@pytest.mark.parametrize("text", ["Alice", "Ирина Петрова", "د. علی\u200cرضا", "x" * 200, " A "])
def test_a_full_name_is_taken_as_written(text: str) -> None:
    assert full_name(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * 201,
        "a\x00b",
        "a\nb",
        "a\ud800",
        "a\u2028b",
        "a\u202eb",
        "a\u2066b",
        "\ue000",
    ],
)
def test_a_full_name_that_reads_as_something_else_is_refused(text: str) -> None:
    with pytest.raises(FullNameRefused):
        full_name(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice@example.com", "ALICE@Example.COM"),
        ("alice@bücher.example", "alice@xn--bcher-kva.example"),
        ("alice@\uff45xample.com", "alice@example.com"),
    ],
)
def test_two_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert email_key(one) == email_key(other)
    assert name_key(one) == name_key(other)


def test_a_name_is_found_as_an_address_or_as_a_username_whichever_it_is() -> None:
    assert name_key("Bücher") == "bücher"
    assert name_key("a@Bücher.example") == "a@xn--bcher-kva.example"


def test_a_domain_that_is_no_name_of_the_dns_is_compared_as_it_is_written_and_refused() -> None:
    address = "alice@" + "ü" * 64 + ".example"
    assert email_key(address) == address
    with pytest.raises(EmailRefused):
        email(address)


@pytest.mark.parametrize("address", ["алиса@example.com", "ünal@bücher.example"])
def test_a_relay_without_smtputf8_takes_no_local_part_beyond_ascii(address: str) -> None:
    with pytest.raises(EmailNotAscii):
        require_ascii_local(address)


def test_a_relay_without_smtputf8_takes_any_domain() -> None:
    require_ascii_local("alice@bücher.example")
