"""What the mail sink keeps and how its page shows it."""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from sandbox.mails.box import KEPT, Box
from sandbox.mails.page import linked, page
from sandbox.sheet import POLICY

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def written(subject: str = "Hello", text: str = "text") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content(text)
    return message


def filled(*recipients: str) -> Box:
    box = Box()
    for number, recipient in enumerate(recipients):
        box.take(written(str(number)), "saldo@example.com", [recipient], NOW)
    return box


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("no link", "no link"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a & b", "a &amp; b"),
        (
            "see http://h/p?a=1&b=2 now",
            'see <a href="http://h/p?a=1&amp;b=2" rel="noreferrer">http://h/p?a=1&amp;b=2</a> now',
        ),
        (
            'https://h/"onclick="x',
            '<a href="https://h/" rel="noreferrer">https://h/</a>&quot;onclick=&quot;x',
        ),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_text_is_escaped_and_addresses_are_links(text: str, html: str) -> None:
    assert linked(text) == html


def test_nothing_of_a_mail_becomes_markup() -> None:
    box = Box()
    evil = "<img src=x onerror=alert(1)>"
    box.take(written(evil, evil), evil, [evil], NOW)
    assert "<img" not in page(box.mails(None, 10))
    assert page(box.mails(None, 10)).count("&lt;img src=x onerror=alert(1)&gt;") == 4


def test_the_page_may_do_nothing() -> None:
    assert POLICY.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in POLICY
    assert "No mail yet" in page([])


def test_the_newest_mails_are_kept_and_come_first() -> None:
    box = filled(*(f"user-{number}@example.com" for number in range(KEPT + 5)))
    subjects = [mail.subject for mail in box.mails(None, 2)]
    assert subjects == [str(KEPT + 4), str(KEPT + 3)]
    assert len(box.mails(None, KEPT + 5)) == KEPT


def test_mails_are_found_by_recipient_however_it_is_spelt() -> None:
    box = filled("Bob@Example.com", "carol@example.com")
    assert [mail.subject for mail in box.mails("bob@example.COM", 10)] == ["0"]


def test_a_mail_without_plain_text_is_kept_too() -> None:
    message = EmailMessage()
    message.set_content("<b>x</b>", subtype="html")
    box = Box()
    box.take(message, "a@b.example", ["c@d.example"], NOW)
    assert [mail.text for mail in box.mails(None, 1)] == [""]


@pytest.mark.parametrize(
    ("refuse", "recipient", "code"),
    [
        ({}, "bob@example.com", None),
        ({"bob@example.com": 550}, "Bob@Example.com", 550),
        ({"bob@example.com": 550}, "carol@example.com", None),
        ({"bob@example.com": 550, "*": 451}, "carol@example.com", 451),
        ({"bob@example.com": 550, "*": 451}, "bob@example.com", 550),
    ],
)
def test_recipients_are_refused_as_told(
    refuse: dict[str, int], recipient: str, code: int | None
) -> None:
    assert Box(refuse=refuse).refusal(recipient) == code
