"""Texts of mails in both languages, when they are tried again, and what may stand in a header."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest

from contracts.notifications import SecurityNews
from kit.ids import new_id
from kit.refusals import Language
from notifications.domain.addresses import address_hash, can_be_written, mailbox
from notifications.domain.mail_texts import mail_text
from notifications.domain.mails import MailContact, MailKind, NewMail
from notifications.domain.notices import NewNotice, NoticeKind
from notifications.domain.retries import FIRST, LONGEST, wait_after
from notifications.domain.texts import Words
from notifications.mail.smtp import mime_message

FACTS = {
    "url": "http://localhost:8000/v1/auth/activate?token=abc",
    "expires_at": "2026-02-02T15:30:00+03:00",
    "until": "2026-02-02T15:30:00+03:00",
    "amount_minor": 15000,
    "currency": "RUB",
    "reason": "check_denied",
    "what": "password_changed",
}
LINKS = (
    MailKind.ACTIVATION,
    MailKind.PASSWORD_RESET,
    MailKind.OLD_EMAIL,
    MailKind.NEW_EMAIL,
)


def said(kind: MailKind, language: Language, to: str | None = "bob") -> Words:
    return mail_text(kind, FACTS, to=to, other_username="alice", language=language)


@pytest.mark.parametrize("kind", MailKind)
def test_every_kind_is_written_in_both_languages(kind: MailKind) -> None:
    english, russian = said(kind, "en"), said(kind, "ru")
    assert english.title != russian.title
    assert english.text.startswith("Hello, bob!\n\n")
    assert russian.text.startswith("Здравствуйте, bob!\n\n")
    for text in (english.text, russian.text):
        assert "{" not in text
        assert "None" not in text


@pytest.mark.parametrize("kind", LINKS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_link_stands_on_a_line_of_its_own_with_its_end(
    kind: MailKind, language: Language
) -> None:
    text = said(kind, language).text
    assert FACTS["url"] in text.splitlines()
    assert "2026-02-02 12:30 UTC" in text


@pytest.mark.parametrize("what", get_args(SecurityNews))
@pytest.mark.parametrize("language", ["en", "ru"])
def test_each_piece_of_security_news_has_its_sentence(what: str, language: Language) -> None:
    written = mail_text(
        MailKind.SECURITY_NOTICE, {"what": what}, to="bob", other_username=None, language=language
    )
    assert written.text.count(".") > 3
    assert "{" not in written.text


def test_only_the_new_address_is_asked_whether_it_is_theirs() -> None:
    contact = MailContact("old@example.com", "bob", "en", "new@example.com")
    assert contact.address_for(MailKind.NEW_EMAIL) == "new@example.com"
    assert contact.address_for(MailKind.OLD_EMAIL) == "old@example.com"
    assert replace(contact, pending_email=None).address_for(MailKind.NEW_EMAIL) is None


def test_whoever_has_no_name_is_greeted_without() -> None:
    assert said(MailKind.ACTIVATION, "en", to=None).text.startswith("Hello!\n\n")


def test_the_payer_is_told_why_and_the_payee_who() -> None:
    assert "An outside check declined it." in said(MailKind.PAYMENT_FAILED, "en").text
    assert "Внешняя" not in said(MailKind.ACTIVATION, "ru").text
    assert "from alice" in said(MailKind.PAYMENT_RECEIVED, "en").text


def test_a_name_is_never_taken_for_a_template() -> None:
    assert said(MailKind.ACTIVATION, "en", to="{url}").text.startswith("Hello, {url}!")


@pytest.mark.parametrize(
    ("attempts", "chance", "expected"),
    [
        (1, 0.0, FIRST / 2),
        (1, 1.0, FIRST),
        (2, 1.0, FIRST * 2),
        (5, 0.5, FIRST * 16 * 0.75),
        (30, 1.0, LONGEST),
        (30, 0.0, LONGEST / 2),
        (10_000, 1.0, LONGEST),
    ],
)
def test_each_wait_is_twice_the_one_before_up_to_a_limit(
    attempts: int, chance: float, expected: timedelta
) -> None:
    assert wait_after(attempts, chance) == expected


def test_twenty_tries_take_more_than_a_day() -> None:
    whole = sum((wait_after(attempts, 0.5) for attempts in range(1, 20)), timedelta())
    assert timedelta(days=1) < whole < timedelta(days=2)


@pytest.mark.parametrize(
    ("address", "is_fine"),
    [
        ("bob@example.com", True),
        ("bob+tag@example.com", True),
        ("иван@пример.рф", True),
        ("", False),
        ("bob", False),
        ("@example.com", False),
        ("bob@", False),
        ("a@b@example.com", False),
        ("bob @example.com", False),
        ("bob@example.com\nBcc: eve@example.com", False),
        ("bob@example.com\r", False),
        ("bob@example.com, eve@example.com", False),
        ("Bob <bob@example.com>", False),
        ("bob\u2028@example.com", False),
        ("bob\u202e@example.com", False),
        (f"{'a' * 400}@example.com", False),
    ],
)
def test_only_one_plain_address_stands_in_a_header(address: str, is_fine: bool) -> None:  # noqa: FBT001
    assert can_be_written(address) is is_fine


def test_spellings_of_one_address_are_remembered_as_one() -> None:
    assert address_hash("Bob@Example.com") == address_hash("bob@example.COM")
    assert address_hash("bob@example.com") != address_hash("rob@example.com")


def test_a_message_keeps_its_id_and_asks_for_no_answer() -> None:
    mail_id, now = new_id(), datetime(2026, 1, 31, 12, tzinfo=UTC)
    message = mime_message(
        Words("Тема", "Текст\n"),
        mail_id=mail_id,
        sender="Saldo <no-reply@saldo.example>",
        recipient="bob@example.com",
        now=now,
    )
    assert message["Message-ID"] == f"<{mail_id}@saldo.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Тема"
    assert message["Date"] == "Sat, 31 Jan 2026 12:00:00 +0000"
    assert message.get_content() == "Текст\n"


@pytest.mark.parametrize("field", ["recipient", "sender"])
def test_a_header_is_not_broken_out_of(field: str) -> None:
    addresses = {"sender": "saldo@example.com", "recipient": "bob@example.com"}
    addresses[field] += "\r\nBcc: eve@example.com"
    with pytest.raises(ValueError, match="linefeed"):
        mime_message(Words("a", "b"), mail_id=new_id(), now=datetime.now(UTC), **addresses)


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("bob@example.com", "bob@example.com"),
        ("bob@bücher.example", "bob@xn--bcher-kva.example"),
        ("боб@bücher.example", "боб@xn--bcher-kva.example"),
        ("bob@" + "ü" * 64 + ".example", None),
    ],
)
def test_a_server_without_smtputf8_is_told_the_domain_in_ascii_where_it_is_one(
    address: str, taken: str | None
) -> None:
    assert mailbox(address) == taken
    assert can_be_written(address) is (taken is not None)


@pytest.mark.parametrize("occasion_id", [None, new_id()])
def test_a_mail_of_a_notice_tells_the_same_and_once_for_each_occasion(
    occasion_id: UUID | None,
) -> None:
    notice = NewNotice(
        user_id=new_id(),
        kind=NoticeKind.REFUND_MADE,
        subject_id=new_id(),
        other_id=new_id(),
        facts={"amount_minor": 15000, "currency": "RUB"},
        occasion_id=occasion_id,
    )
    mail = NewMail.of(notice)
    assert (mail.user_id, mail.other_id, mail.kind, mail.facts, mail.language) == (
        notice.user_id,
        notice.other_id,
        MailKind.REFUND_MADE,
        notice.facts,
        None,
    )
    about = occasion_id or notice.subject_id
    assert mail.dedupe_key == f"refund_made:{about}:{notice.user_id}"
    assert mail.dedupe_key == NewMail.of(replace(notice, facts={})).dedupe_key
