"""Serves the sink by SMTP (RFC 5321): accepts all mail but what is set to refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import SMTPUTF8
from typing import Any, Final, cast

from aiosmtpd.smtp import SMTP, Envelope

from kit.clock import Clock
from sandbox.mails.box import Box

LARGEST_MAIL: Final = 1024 * 1024


class SmtpHandler:
    """Handles the server's SMTP commands; the method names are aiosmtpd's."""

    def __init__(self, box: Box, clock: Clock) -> None:
        self._box = box
        self._clock = clock

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name and parameters)
        self, _: Any, __: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a recipient, or refuse it as the box says."""
        code = self._box.refusal(address)
        if code is not None:
            trouble = "try again later" if str(code).startswith("4") else "mail is not taken"
            return f"{code} {trouble} (the sandbox was told to say so)"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:  # noqa: N802
        """Store the mail."""
        raw = cast("bytes", envelope.content)
        message = message_from_bytes(raw, policy=SMTPUTF8)
        sender = envelope.mail_from or ""
        self._box.take(message, sender, envelope.rcpt_tos, self._clock.now())
        return "250 OK"


@asynccontextmanager
async def serving(box: Box, clock: Clock, *, host: str, port: int) -> AsyncIterator[asyncio.Server]:
    """Accept mails while the block runs; port 0 means any free port."""
    handler = SmtpHandler(box, clock)

    def connected() -> SMTP:
        return SMTP(
            handler,
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=box.takes_utf8,
            hostname="sandbox",
        )

    server = await asyncio.get_running_loop().create_server(connected, host, port)
    try:
        yield server
    finally:
        server.close()
