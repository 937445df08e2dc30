"""What mail servers answer, at every command, and what becomes of the mail and the address."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import convert
from msgspec.structs import asdict
from prometheus_client import REGISTRY
from tests.integration.notifications.room import Room, closed, disputed, opened, paid
from tests.integration.notifications.test_mails import BOB, activation, locked

from contracts.notifications import SendAlreadyRegistered, SendPasswordReset
from kit.ids import new_id
from notifications.domain.bounces import MUTED_FOR
from notifications.domain.mails import MOST_NEWS, MOST_ORDERED
from notifications.repository import Mails
from testkit.databases import Cluster

ALICE = "alice@example.com"
GONE = "550 5.1.1"
MUTES = "/v1/notifications/muted-addresses"
CUT = ""  # instead of an answer: the connection is closed


@dataclass
class Server:
    """A mail server that answers by its script: command → answer, to whoever it is."""

    answers: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        usual = {
            "connect": "220 ready",
            "EHLO": "250-here\r\n250 ENHANCEDSTATUSCODES",
            "DATA": "354 go on",
            "QUIT": "221 bye",
        }
        command = "connect"
        while True:
            command = "EHLO" if command == "HELO" else command  # asked where EHLO is not known
            answer = self.answers.get(command, usual.get(command, "250 2.0.0 fine"))
            if answer == CUT:
                break
            writer.write(f"{answer}\r\n".encode())
            if command == "DATA" and answer.startswith("354"):
                await reader.readuntil(b"\r\n.\r\n")
                command = "."
                continue
            if command == "QUIT" or not (line := await reader.readline()):
                break
            command = line.decode().split(maxsplit=1)[0].upper()
            self.heard.append(line.decode().strip())
        writer.close()


@asynccontextmanager
async def scripted(
    cluster: Cluster, answers: Mapping[str, str]
) -> AsyncIterator[tuple[Room, Server]]:
    """Open a room whose mails go to a server with such answers."""
    server = Server(dict(answers))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        async with opened(cluster, smtp_port=port) as room:
            yield room, server


def alarms() -> float:
    """Return how often a mail server's refusal of us was counted."""
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        if metric.name == "saldo_mail_refused"
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["blame"] in ("sender", "server")
    )


@pytest.mark.parametrize(
    ("command", "answer", "is_alarming"),
    [
        ("connect", "554 5.7.1 you are listed", True),
        ("connect", "421 too many connections", True),
        ("connect", CUT, True),
        ("EHLO", "550 5.7.1 not you", True),
        ("EHLO", CUT, True),
        ("MAIL", "550 5.7.1 sender rejected", True),
        ("MAIL", "553 5.1.8 sender's domain unknown", True),
        ("MAIL", "452 4.3.1 no space", True),
        ("MAIL", CUT, True),
        ("RCPT", "554 Transaction failed", True),
        ("RCPT", "554 5.7.1 relay access denied", True),
        ("RCPT", "550 5.4.5 daily quota exceeded", True),
        ("RCPT", "550 5.1.0 sender address rejected", True),
        ("RCPT", "550 mailbox unavailable", False),
        ("RCPT", "552 5.2.2 mailbox full", False),
        ("RCPT", "450 4.2.0 greylisted", False),
        ("RCPT", "421 4.7.0 closing", True),
        ("RCPT", CUT, True),
        ("DATA", "554 5.5.1 no valid recipients", True),
        ("DATA", CUT, True),
        (".", "550 5.7.1 spam", True),
        (".", "451 4.3.0 not now", False),
        (".", CUT, True),
    ],
)
async def test_what_is_no_fault_of_the_address_is_tried_again_and_mutes_nobody(
    cluster: Cluster,
    command: str,
    answer: str,
    is_alarming: bool,  # noqa: FBT001 - a table's column
) -> None:
    async with scripted(cluster, {command: answer}) as (room, server):
        alice = await room.arrives("alice", ALICE)
        bob = await room.arrives("bob", BOB)
        await room.told(paid(alice, bob))
        before = alarms()
        for _ in range(9):
            await room.mail_worker.send_due()
            assert await room.statuses() == ["waiting"] * 2
            room.clock.advance(timedelta(hours=4).total_seconds())
        assert (alarms() > before) is is_alarming
        assert await room.count("address_fault") == 0
        server.answers.clear()
        await room.mail_worker.send_due()
        assert await room.statuses() == ["sent"] * 2


async def test_a_refusal_of_the_sender_is_heard_once_for_all_who_wait(cluster: Cluster) -> None:
    async with scripted(cluster, {"MAIL": "550 5.7.1 sender rejected"}) as (room, server):
        bob = await room.arrives("bob", BOB)
        await room.told(*(activation(room, bob) for _ in range(5)))
        await room.mail_worker.send_due()
        assert await room.statuses() == ["waiting"] * 5
        assert sum(one.startswith("MAIL") for one in server.heard) == 1


async def refuse_for_a_day(room: Room, alice: UUID, bob: UUID) -> None:
    """Have bob's server say for a day that there is no such mailbox."""
    room.box.refuse = {BOB: GONE}
    await room.told(paid(alice, bob))
    for _ in range(10):
        await room.mail_worker.send_due()
        room.clock.advance(timedelta(hours=4).total_seconds())


async def test_an_address_that_is_wrong_for_a_day_is_muted_for_a_week(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await refuse_for_a_day(room, alice, bob)
    assert sorted(await room.statuses()) == ["refused", "sent"]
    room.box.refuse = {}
    await room.told(paid(alice, bob))
    await room.mail_worker.send_due()
    assert sorted(await room.statuses()) == ["muted", "refused", "sent", "sent"]
    room.clock.advance(MUTED_FOR.total_seconds())
    await room.told(paid(alice, bob))
    await room.mail_worker.send_due()
    assert len(room.mails(BOB)) == 1
    assert await room.count("address_fault") == 0


async def test_one_bad_hour_of_a_server_that_knows_nobody_loses_no_mail(
    room: Room, alice: UUID, bob: UUID
) -> None:
    room.box.refuse = {"*": GONE}
    await room.told(*(paid(alice, bob) for _ in range(5)), activation(room, bob))
    for _ in range(60):
        await room.mail_worker.send_due()
        room.clock.advance(60)
    room.box.refuse = {}
    room.clock.advance(timedelta(hours=4).total_seconds())
    await room.mail_worker.send_due()
    assert set(await room.statuses()) == {"sent"}
    assert await room.count("address_fault") == 0


def reset(room: Room, user_id: UUID) -> SendPasswordReset:
    like = asdict(activation(room, user_id))
    return convert(like | {"command_id": new_id()}, SendPasswordReset)


async def test_what_people_ask_for_is_sent_to_a_muted_address_and_lifts_it_where_it_arrives(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await refuse_for_a_day(room, alice, bob)
    await room.told(reset(room, bob))
    await room.mail_worker.send_due()
    assert (await room.statuses()).count("refused") == 2
    room.box.refuse = {}
    await room.told(activation(room, bob))
    await room.mail_worker.send_due()
    await room.told(paid(alice, bob))
    await room.mail_worker.send_due()
    assert [mail.subject for mail in room.mails(BOB)] == [
        "Money received",
        "Activate your Saldo account",
    ]


async def test_another_address_is_not_muted(room: Room, alice: UUID, bob: UUID) -> None:
    await refuse_for_a_day(room, alice, bob)
    room.addresses.known[bob] = "robert@example.com"
    await room.told(paid(alice, bob))
    await room.mail_worker.send_due()
    assert len(room.mails("robert@example.com")) == 1


async def test_an_administrator_sees_who_is_muted_and_lifts_it(
    room: Room, alice: UUID, bob: UUID
) -> None:
    assert (await room.ask_as_admin("GET", MUTES)).json()["items"] == []
    await refuse_for_a_day(room, alice, bob)
    [muted] = (await room.ask_as_admin("GET", MUTES)).json()["items"]
    assert (muted["owner_id"], muted["status"]) == (str(bob), "5.1.1")
    assert muted["refusals"] >= 3
    assert BOB not in str(muted)
    of_alice = await room.ask_as_admin("GET", MUTES, params={"owner_id": str(alice)})
    assert of_alice.json()["items"] == []
    day = muted["last_refused_at"][:10]
    for query, expected in (({"from": day, "to": day}, [muted]), ({"to": "2020-01-01"}, [])):
        assert (await room.ask_as_admin("GET", MUTES, params=query)).json()["items"] == expected
    assert (await room.ask(bob, "GET", MUTES)).status_code == 403
    assert (await room.ask(bob, "DELETE", f"{MUTES}/{bob}")).status_code == 403
    assert (await room.ask_as_admin("DELETE", f"{MUTES}/{bob}")).status_code == 204
    again = await room.ask_as_admin("DELETE", f"{MUTES}/{bob}")
    assert (again.status_code, again.json()["code"]) == (404, "muted_address_not_found")
    room.box.refuse = {}
    await room.told(paid(alice, bob))
    await room.mail_worker.send_due()
    assert len(room.mails(BOB)) == 1


@pytest.mark.parametrize("takes_utf8", [True, False])
async def test_an_international_domain_reaches_every_server(
    room: Room,
    takes_utf8: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    room.box.takes_utf8 = takes_utf8
    ivan = await room.arrives("ivan", "ivan@Пример.рф")
    await room.told(activation(room, ivan))
    await room.mail_worker.send_due()
    [mail] = room.mails("ivan@пример.рф")
    assert mail.recipients == ("ivan@xn--e1afmkfd.xn--p1ai",)


async def test_a_name_in_another_script_waits_for_a_server_that_takes_it_and_mutes_nobody(
    room: Room, bob: UUID
) -> None:
    room.box.takes_utf8 = False
    ivan = await room.arrives("ivan", "иван@пример.рф")
    await room.told(activation(room, ivan), activation(room, bob))
    await room.mail_worker.send_due()
    assert sorted(await room.statuses()) == ["sent", "waiting"]
    assert await room.count("address_fault") == 0
    room.box.takes_utf8 = True
    room.clock.advance(20)
    await room.mail_worker.send_due()
    assert len(room.mails("иван@пример.рф")) == 1


@pytest.mark.parametrize(
    ("language", "subject"),
    [("ru", "Получены деньги"), ("en", "Money received"), (None, "Money received")],
)
async def test_news_is_mailed_in_the_readers_language(
    room: Room, alice: UUID, bob: UUID, language: str | None, subject: str
) -> None:
    room.addresses.languages[bob] = language
    await room.told(paid(alice, bob))
    await room.mail_worker.send_due()
    assert [mail.subject for mail in room.mails(BOB)] == [subject]


async def test_a_mail_that_can_not_be_written_keeps_no_other_from_being_sent(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(activation(room, alice))
    async with room.database.unit_of_work() as uow:
        await uow.execute("""UPDATE mail SET facts = '{"expires_at": "never"}'""")
    await room.told(activation(room, bob))
    await room.mail_worker.send_due()
    assert sorted(await room.statuses()) == ["sent", "waiting"]
    assert len(room.mails(BOB)) == 1


async def test_a_person_is_mailed_so_much_news_an_hour_and_has_all_of_it_in_the_application(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(*(paid(alice, bob) for _ in range(MOST_NEWS - 1)))
    await room.told(*(paid(alice, bob) for _ in range(5)))
    await room.told(*(activation(room, bob) for _ in range(MOST_ORDERED + 5)))
    assert await room.count("mail") == 2 * MOST_NEWS + MOST_ORDERED
    assert await room.count("notice") == 2 * (MOST_NEWS + 4)
    room.clock.advance(3601)
    await room.told(paid(alice, bob), activation(room, bob))
    assert await room.count("mail") == 2 * MOST_NEWS + MOST_ORDERED + 3


async def test_payments_of_strangers_keep_no_other_news_from_being_mailed(
    room: Room, alice: UUID, bob: UUID
) -> None:
    await room.told(*(paid(alice, bob) for _ in range(MOST_NEWS + 1)))
    dispute = disputed(paid(alice, bob), 3_000, "fraudulent")
    await room.told(locked(room, bob), dispute, closed(dispute, "lost"))
    async with room.database.read() as connection:
        rows = await connection.fetch("SELECT kind FROM mail WHERE user_id = $1", bob)
    assert Counter(row["kind"] for row in rows) == {
        "payment_received": MOST_NEWS,
        "login_locked": 1,
        "payment_disputed": 1,
        "dispute_lost": 1,
    }


async def test_mails_that_strangers_order_take_no_room_from_others(room: Room, bob: UUID) -> None:
    already = [
        SendAlreadyRegistered(command_id=new_id(), user_id=bob, language="en")
        for _ in range(MOST_ORDERED + 5)
    ]
    await room.told(*already[:3])
    await room.told(*already[3:])
    await room.told(reset(room, bob), activation(room, bob), reset(room, bob))
    async with room.database.read() as connection:
        rows = await connection.fetch("SELECT kind, count(*) FROM mail GROUP BY kind")
    assert dict(map(tuple, rows)) == {
        "already_registered": MOST_ORDERED,
        "password_reset": 2,
        "activation": 1,
    }


async def test_what_people_wait_for_is_sent_first_then_everybodys_in_turn(
    room: Room, alice: UUID, bob: UUID
) -> None:
    carol = await room.arrives("carol", "carol@example.com")
    await room.told(*(paid(alice, alice) for _ in range(60)))
    room.clock.advance(1)
    await room.told(paid(bob, carol), activation(room, carol))
    async with room.database.unit_of_work() as uow:
        claimed = await Mails(uow).claim(room.clock.now(), timedelta(minutes=5), 4)
    assert claimed[0].kind == "activation"
    assert {mail.user_id for mail in claimed} == {alice, bob, carol}
