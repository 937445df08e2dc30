"""The mail sink by SMTP and over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx
import pytest

from kit.clock import SystemClock
from kit.runtime import ProcessMode, working
from sandbox.app import build
from sandbox.mails import smtp
from sandbox.settings import Settings
from testkit.people import eventually


@dataclass
class Sink:
    """A sink that listens, and its operations."""

    port: int
    http: httpx.AsyncClient

    async def send(self, to: str, subject: str = "Привет", text: str = "Текст") -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "saldo@example.com", to, subject
        message.set_content(text)
        await aiosmtplib.send(message, hostname="127.0.0.1", port=self.port, start_tls=False)

    async def mails(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.http.get("/sandbox/mails", params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    service = build(Settings())
    box = service.state.mails
    transport = httpx.ASGITransport(app=service.web)
    async with (
        smtp.serving(box, SystemClock(), host="127.0.0.1", port=0) as server,
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        yield Sink(server.sockets[0].getsockname()[1], http)


async def test_a_mail_that_was_sent_is_shown_as_data_and_as_a_page(sink: Sink) -> None:
    await sink.send("bob@example.com", text="Откройте http://localhost:8000/x?token=abc")
    [mail] = await sink.mails()
    assert mail["recipients"] == ["bob@example.com"]
    assert (mail["sender"], mail["subject"]) == ("saldo@example.com", "Привет")
    assert mail["text"].strip() == "Откройте http://localhost:8000/x?token=abc"
    page = await sink.http.get("/sandbox/mail")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert '<a href="http://localhost:8000/x?token=abc"' in page.text


async def test_mails_are_listed_newest_first_by_recipient(sink: Sink) -> None:
    for number in range(3):
        await sink.send("bob@example.com", str(number))
    await sink.send("carol@example.com", "other")
    assert [mail["subject"] for mail in await sink.mails(to="BOB@example.com")] == ["2", "1", "0"]
    assert [mail["subject"] for mail in await sink.mails(limit=1)] == ["other"]


@pytest.mark.parametrize("code", [451, 550])
async def test_a_recipient_is_refused_until_the_sink_is_told_otherwise(
    sink: Sink, code: int
) -> None:
    told = {"refuse": {"Bob@example.com": code}}
    answer = await sink.http.put("/sandbox/mails/behaviour", json=told)
    assert answer.json() == {"refuse": {"bob@example.com": code}}
    assert (await sink.http.get("/sandbox/mails/behaviour")).json() == answer.json()
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await sink.send("bob@example.com")
    assert [one.code for one in refused.value.recipients] == [code]
    await sink.send("carol@example.com")
    await sink.http.put("/sandbox/mails/behaviour", json={"refuse": {}})
    await sink.send("bob@example.com")
    assert len(await sink.mails()) == 2


@pytest.mark.parametrize("refuse", [{"bob@example.com": 250}, {"": 550}, {"bob@example.com": "x"}])
async def test_a_code_that_is_no_refusal_is_refused(sink: Sink, refuse: object) -> None:
    answer = await sink.http.put("/sandbox/mails/behaviour", json={"refuse": refuse})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def readiness(port: int, expected: int) -> int:
    """Run a sandbox whose sink has this port until it is as ready as expected."""
    service = build(Settings(smtp_port=port))
    service.state.clock = SystemClock()
    transport = httpx.ASGITransport(app=service.web)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
        working(service, ProcessMode.ALL),
    ):

        async def look() -> tuple[int, bool]:
            return (await http.get("/health/ready")).status_code, await connects(port)

        status, _ = await eventually(look, lambda seen: seen == (expected, True))
    return status


async def connects(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_the_sandbox_listens_while_it_works(unused_tcp_port: int) -> None:
    assert await readiness(unused_tcp_port, 200) == 200
    assert not await connects(unused_tcp_port)


async def test_it_is_not_ready_where_the_sinks_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert await readiness(taken.getsockname()[1], 503) == 503


async def test_a_recipient_is_known_in_both_spellings_of_its_domain(sink: Sink) -> None:
    await sink.send("ivan@xn--e1afmkfd.xn--p1ai")
    assert len(await sink.mails(to="ivan@пример.рф")) == 1
    assert len(await sink.mails(to="IVAN@xn--e1afmkfd.xn--p1ai")) == 1
    told = {"refuse": {"ivan@пример.рф": "550 5.1.1"}}
    answer = await sink.http.put("/sandbox/mails/behaviour", json=told)
    assert answer.json() == told
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await sink.send("ivan@xn--e1afmkfd.xn--p1ai")
    assert refused.value.recipients[0].message.startswith("5.1.1")


@pytest.mark.parametrize("code", ["550", "5.1.1", "250 2.0.0", "550 5.1.1\r\nx", 250, 600])
async def test_what_is_no_refusal_is_refused(sink: Sink, code: object) -> None:
    answer = await sink.http.put("/sandbox/mails/behaviour", json={"refuse": {"*": code}})
    assert answer.status_code == 422
