"""Mails on their way: ordered, sent, tried again, given up, muted, forgotten."""

import asyncio
from datetime import timedelta
from typing import Literal
from uuid import UUID

import pytest
from msgspec import convert
from msgspec.structs import asdict
from tests.integration.notifications.room import (
    Room,
    cancelled,
    failed,
    moved,
    opened,
    paid,
    refunded,
)

from contracts.auth import (
    ApiKeyInNewPlace,
    ConfirmationLimitsChanged,
    FactorChanged,
    UserChanged,
    UserLocked,
    UserRegistered,
)
from contracts.finance import ExportFailed, ExportReady
from contracts.notifications import (
    SendActivation,
    SendAlreadyRegistered,
    SendEmailChange,
    SendPasswordReset,
    SendSecurityNotice,
)
from kit.ids import new_id
from notifications.domain.retries import LONGEST
from notifications.mail.worker import BATCH, KEPT, LEASE
from notifications.repository import Mails
from testkit.databases import Cluster

URL = "http://localhost:8000/v1/auth/activate?token=iX8kq0Zk0oTzU1Yy3Jr4cN2bHw7pQe5sLd9vMf6tGaE"
BOB = "bob@example.com"


def activation(room: Room, user_id: UUID, language: str = "en") -> SendActivation:
    return convert(
        {
            "command_id": new_id(),
            "user_id": user_id,
            "url": URL,
            "expires_at": room.clock.now() + timedelta(hours=48),
            "language": language,
        },
        SendActivation,
    )


async def test_payer_and_payee_of_a_payment_are_mailed_in_the_default_language(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(paid(alice, bob))
    await room.mail_worker.send_due()
    [to_alice], [to_bob] = room.mails("alice@example.com"), room.mails(BOB)
    assert (to_alice.subject, to_bob.subject) == ("Payment made", "Money received")
    assert "Hello, somebody!" in to_alice.text
    assert "You paid 150.00 RUB to bob." in to_alice.text
    assert "You received 150.00 RUB from alice." in to_bob.text
    assert to_bob.sender == "no-reply@saldo.example"


async def test_the_payer_alone_is_mailed_that_a_payment_failed(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(failed(alice, bob), cancelled(alice, bob), moved(bob, "top_up"))
    await room.mail_worker.send_due()
    [mail] = room.mails()
    assert mail.recipients == ("alice@example.com",)
    assert "There is not enough money in your wallet." in mail.text


async def test_every_refund_of_a_payment_is_mailed_to_both_and_once(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment = paid(alice, bob)
    first, second = refunded(payment, 4000, 4000), refunded(payment, 4000, 8000)
    await room.told(first, second, first)
    await room.mail_worker.send_due()
    to_alice, to_bob = room.mails("alice@example.com"), room.mails(BOB)
    assert [mail.subject for mail in to_alice] == ["Refund received"] * 2
    assert [mail.subject for mail in to_bob] == ["Payment refunded"] * 2
    assert "You got 40.00 RUB back from bob." in to_alice[0].text
    assert "40.00 RUB that you had received went back to alice." in to_bob[0].text


@pytest.mark.parametrize(
    ("language", "subject"),
    [("en", "Activate your Saldo account"), ("ru", "Активируйте учётную запись Saldo")],
)
async def test_an_ordered_link_is_mailed_in_the_language_of_the_order(
    room: Room, bob: UUID, language: str, subject: str
) -> None:
    await room.told(activation(room, bob, language))
    await room.mail_worker.send_due()
    [mail] = room.mails(BOB)
    assert mail.subject == subject
    assert URL in mail.text.splitlines()


def locked(room: Room, user_id: UUID) -> UserLocked:
    until = room.clock.now() + timedelta(minutes=15)
    return UserLocked(lock_id=new_id(), user_id=user_id, until=until)


async def test_every_lock_of_a_login_is_mailed_once_and_has_its_notice(
    room: Room, bob: UUID
) -> None:
    first = locked(room, bob)
    await room.told(first)
    await room.told(locked(room, bob), first)
    await room.mail_worker.send_due()
    mails = room.mails(BOB)
    assert [mail.subject for mail in mails] == ["Login locked"] * 2
    until = f"{first.until:%Y-%m-%d %H:%M} UTC"
    assert f"Nobody can log in from there until {until}." in mails[0].text
    assert "http" not in mails[0].text
    in_english, in_russian = await room.notices(bob), await room.notices(bob, "ru")
    assert {one["title"] for one in in_english} == {"Login locked"}
    assert {one["title"] for one in in_russian} == {"Вход заблокирован"}
    assert {one["subject_id"] for one in in_english} == {str(bob)}


async def test_a_key_in_a_new_place_is_mailed_once_and_has_its_notice(
    room: Room, bob: UUID
) -> None:
    used = ApiKeyInNewPlace(use_id=new_id(), user_id=bob, key_id=new_id(), hint="sk_test_…9fQa")
    await room.told(used)
    await room.told(used)
    await room.mail_worker.send_due()
    [mail] = room.mails(BOB)
    assert mail.subject == "API key used from a new place"
    assert "sk_test_…9fQa" in mail.text
    in_russian = await room.notices(bob, "ru")
    assert {one["title"] for one in in_russian} == {"Ключ API использован в новом месте"}
    assert {one["subject_id"] for one in in_russian} == {str(used.key_id)}


@pytest.mark.parametrize(
    ("factor", "is_added", "title"),
    [
        ("totp", True, "Authenticator app added"),
        ("totp", False, "Authenticator app removed"),
        ("passkey", True, "Passkey added"),
        ("passkey", False, "Passkey removed"),
    ],
)
async def test_every_change_of_factors_is_mailed_and_has_its_notice(
    room: Room,
    bob: UUID,
    factor: Literal["totp", "passkey"],
    is_added: bool,  # noqa: FBT001 - a parameter of the table
    title: str,
) -> None:
    changes = [
        FactorChanged(
            change_id=new_id(),
            user_id=bob,
            factor=factor,
            is_added=is_added,
            at=room.clock.now(),
        )
        for _ in range(2)
    ]
    await room.told(*changes)
    await room.mail_worker.send_due()
    assert [mail.subject for mail in room.mails(BOB)] == [title] * 2
    assert [one["title"] for one in await room.notices(bob)] == [title] * 2


async def test_a_change_of_confirmation_limits_is_mailed_and_has_its_notice(
    room: Room, bob: UUID
) -> None:
    now = room.clock.now()
    await room.told(ConfirmationLimitsChanged(change_id=new_id(), user_id=bob, at=now))
    await room.mail_worker.send_due()
    assert [mail.subject for mail in room.mails(BOB)] == ["Confirmation limits changed"]
    assert [one["title"] for one in await room.notices(bob)] == ["Confirmation limits changed"]


async def test_an_export_is_mailed_where_that_was_asked_for_and_always_noticed(
    room: Room, bob: UUID
) -> None:
    facts = {"user_id": bob, "format": "csv"}
    await room.told(
        ExportReady(export_id=new_id(), rows=3, is_mailed=False, **facts),
        ExportReady(export_id=new_id(), rows=12, is_mailed=True, **facts),
        ExportFailed(export_id=new_id(), code="gave_up", is_mailed=True, **facts),
    )
    await room.mail_worker.send_due()
    mails = room.mails(BOB)
    assert sorted(mail.subject for mail in mails) == ["File not made", "File ready"]
    assert any("CSV file that you ordered is ready: 12 rows." in mail.text for mail in mails)
    titles = [one["title"] for one in await room.notices(bob)]
    assert sorted(titles) == ["File not made", "File ready", "File ready"]


async def test_the_other_orders_have_their_letters(room: Room, bob: UUID) -> None:
    ordered = asdict(activation(room, bob)) | {"command_id": new_id()}
    await room.told(
        convert(ordered, SendPasswordReset),
        SendAlreadyRegistered(command_id=new_id(), user_id=bob, language="en"),
    )
    await room.mail_worker.send_due()
    assert {mail.subject for mail in room.mails(BOB)} == {
        "Set a new Saldo password",
        "You already have a Saldo account",
    }


async def test_each_address_is_asked_to_confirm_a_change(room: Room, bob: UUID) -> None:
    room.addresses.pending[bob] = "bob@example.org"
    ordered = asdict(activation(room, bob))
    await room.told(
        *(
            convert(ordered | {"command_id": new_id(), "to": to}, SendEmailChange)
            for to in ("old", "new")
        )
    )
    await room.mail_worker.send_due()
    [to_old], [to_new] = room.mails(BOB), room.mails("bob@example.org")
    assert to_old.subject == "Your Saldo account is to have another address"
    assert to_new.subject == "Confirm your new address for Saldo"
    assert URL in to_new.text.splitlines()


async def test_a_cancelled_change_is_mailed_to_nobody(room: Room, bob: UUID) -> None:
    ordered = asdict(activation(room, bob))
    await room.told(convert(ordered | {"to": "new"}, SendEmailChange))
    await room.mail_worker.send_due()
    assert room.mails() == []
    [stored] = await room.stored()
    assert stored["status"] == "no_address"


async def test_security_news_is_mailed_in_the_language_of_its_user(room: Room, bob: UUID) -> None:
    news = {"user_id": bob, "what": "password_changed", "language": "ru"}
    await room.told(SendSecurityNotice(command_id=new_id(), **news))
    await room.mail_worker.send_due()
    [mail] = room.mails(BOB)
    assert mail.subject == "Изменения в вашей учётной записи Saldo"
    assert "Пароль изменён." in mail.text
    assert "http" not in mail.text


async def test_a_repeated_order_is_one_mail(room: Room, bob: UUID) -> None:
    order = activation(room, bob)
    await room.told(order)
    await room.told(order)
    await room.mail_worker.send_due()
    await room.mail_worker.send_due()
    assert len(room.mails()) == 1


async def test_a_link_does_not_outlive_its_mail(room: Room, bob: UUID) -> None:
    await room.told(activation(room, bob))
    [waiting] = await room.stored()
    assert waiting["facts"]["url"] == URL
    await room.mail_worker.send_due()
    [sent] = await room.stored()
    assert (sent["status"], sent["facts"], sent["next_at"]) == ("sent", {}, None)


async def test_neither_link_nor_address_is_logged(
    room: Room, bob: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    room.box.refuse = {BOB: 451}
    await room.told(activation(room, bob))
    await room.mail_worker.send_due()
    room.box.refuse = {BOB: "550 5.1.1"}
    for _ in range(9):
        room.clock.advance(LONGEST.total_seconds())
        await room.mail_worker.send_due()
    assert await room.statuses() == ["refused"]
    written = "".join(capsys.readouterr())
    assert "mails_put_off" in written
    assert "address_muted" in written
    assert "token=" not in written
    assert BOB not in written


async def test_a_mail_refused_for_now_is_tried_again_later_and_later(room: Room, bob: UUID) -> None:
    room.box.refuse = {"*": 451}
    await room.told(activation(room, bob))
    waits = []
    for _ in range(4):
        assert await room.mail_worker.send_due() == 1
        assert await room.mail_worker.send_due() == 0
        [mail] = await room.stored()
        waits.append((mail["next_at"] - room.clock.now()).total_seconds())
        room.clock.advance(waits[-1])
    for wait, full in zip(waits, (10, 20, 40, 80), strict=True):
        assert full / 2 <= wait <= full
    assert (mail["attempts"], mail["last_error"]) == (4, "rcpt 451")
    room.box.refuse = {}
    await room.mail_worker.send_due()
    assert len(room.mails(BOB)) == 1
    assert await room.statuses() == ["sent"]


async def test_a_mail_is_given_up_after_so_many_tries(cluster: Cluster) -> None:
    async with opened(cluster, mail_tries=3) as room:
        bob = await room.arrives("bob", BOB)
        room.box.refuse = {"*": 451}
        await room.told(activation(room, bob))
        for _ in range(3):
            assert await room.statuses() == ["waiting"]
            await room.mail_worker.send_due()
            room.clock.advance(LONGEST.total_seconds())
        [mail] = await room.stored()
        assert (mail["status"], mail["attempts"], mail["facts"]) == ("given_up", 3, {})
        assert await room.mail_worker.send_due() == 0


async def test_one_recipient_who_is_refused_keeps_nobody_from_getting_mail(
    room: Room, alice: UUID, bob: UUID
) -> None:
    room.box.refuse = {"alice@example.com": "550 5.1.1"}
    await room.told(paid(alice, bob), paid(alice, bob))
    await room.mail_worker.send_due()
    assert len(room.mails(BOB)) == 2


async def test_without_a_mail_server_all_mail_waits(cluster: Cluster, unused_tcp_port: int) -> None:
    async with opened(cluster, smtp_port=unused_tcp_port) as room:
        bob = await room.arrives("bob", BOB)
        await room.told(activation(room, bob), activation(room, bob))
        assert await room.mail_worker.send_due() == 2
        stored = await room.stored()
    assert [(mail["status"], mail["attempts"]) for mail in stored] == [("waiting", 1)] * 2
    assert {mail["last_error"] for mail in stored} == {"connect SMTPConnectError"}


async def test_without_auth_all_mail_waits(room: Room, bob: UUID) -> None:
    room.addresses.is_away = True
    await room.told(activation(room, bob))
    await room.mail_worker.send_due()
    [mail] = await room.stored()
    assert (mail["status"], mail["last_error"]) == ("waiting", "auth unavailable")
    room.addresses.is_away = False
    room.clock.advance(10)
    await room.mail_worker.send_due()
    assert len(room.mails(BOB)) == 1


async def test_to_whoever_is_known_to_have_no_address_no_mail_is_written(
    room: Room, alice: UUID
) -> None:
    silent = new_id()
    told = {"user_id": silent, "number": 1, "username": "silent", "status": "active"}
    await room.told(convert({**told, "has_email": False}, UserRegistered))
    await room.told(paid(alice, silent))
    assert [mail["user_id"] for mail in await room.stored()] == [alice]
    reachable = {**told, "roles": ("user",), "has_email": True}
    await room.told(convert(reachable, UserChanged), sequence=2)
    await room.told(paid(alice, silent))
    assert [mail["user_id"] for mail in await room.stored()].count(silent) == 1


async def test_whoever_has_no_address_or_is_nobody_gets_no_mail(room: Room) -> None:
    silent = await room.arrives("silent", None)
    await room.told(activation(room, silent), activation(room, new_id()))
    await room.mail_worker.send_due()
    assert await room.statuses() == ["no_address"] * 2


@pytest.mark.parametrize(
    "address",
    ["bob@example.com\r\nBcc: eve@example.com", "bob@example.com,eve@example.com", "bob", "@"],
)
async def test_an_address_that_would_break_out_of_its_header_is_refused(
    room: Room, address: str
) -> None:
    bob = await room.arrives("bob", address)
    await room.told(activation(room, bob))
    await room.mail_worker.send_due()
    assert await room.statuses() == ["refused"]
    assert room.mails() == []


async def test_an_address_in_another_script_gets_its_mail(room: Room) -> None:
    ivan = await room.arrives("иван", "иван@пример.рф")
    await room.told(activation(room, ivan))
    await room.mail_worker.send_due()
    [mail] = room.mails("иван@пример.рф")
    assert mail.recipients == ("иван@xn--e1afmkfd.xn--p1ai",)


async def test_two_at_once_send_each_mail_once(room: Room, bob: UUID) -> None:
    await room.told(*(activation(room, bob) for _ in range(20)))
    await asyncio.gather(room.mail_worker.send_due(), room.mail_worker.send_due())
    assert len(room.mails(BOB)) == 20
    assert set(await room.statuses()) == {"sent"}


async def test_a_mail_claimed_by_a_process_that_ended_is_sent_when_its_lease_ends(
    room: Room, bob: UUID
) -> None:
    await room.told(activation(room, bob))
    async with room.database.unit_of_work() as uow:
        [lost] = await Mails(uow).claim(room.clock.now(), LEASE, BATCH)
    assert await room.mail_worker.send_due() == 0
    room.clock.advance(LEASE.total_seconds())
    assert await room.mail_worker.send_due() == 1
    assert len(room.mails(BOB)) == 1
    async with room.database.unit_of_work() as uow:
        await Mails(uow).postpone(lost, room.clock.now(), "came back too late")
    assert await room.statuses() == ["sent"]


async def test_nothing_is_left_of_mails_to_a_deleted_user(
    room: Room, alice: UUID, bob: UUID
) -> None:
    room.box.refuse = {BOB: "550 5.1.1"}
    await room.told(activation(room, bob))
    await room.mail_worker.send_due()
    assert await room.count("address_fault") == 1
    await room.told(paid(alice, bob))
    await room.changes(bob, None, "deleted")
    await room.told(activation(room, bob))
    assert [mail["user_id"] for mail in await room.stored()] == [alice]
    assert await room.count("address_fault") == 0


async def test_many_without_an_address_cost_as_many_statements_as_one(room: Room) -> None:
    silent = await room.arrives("silent", None)
    costs = []
    for count in (1, 50):
        await room.told(*(activation(room, silent) for _ in range(count)))
        before = room.database.statements
        await room.mail_worker.send_due()
        costs.append(room.database.statements - before)
    assert costs[0] == costs[1]


async def test_mails_that_ended_long_ago_are_forgotten(room: Room, bob: UUID) -> None:
    await room.told(activation(room, bob))
    await room.mail_worker.send_due()
    await room.told(activation(room, bob))
    room.clock.advance(KEPT.total_seconds() + 1)
    async with room.database.unit_of_work() as uow:
        assert await Mails(uow).purge(room.clock.now() - KEPT) == 1
    assert await room.statuses() == ["waiting"]
