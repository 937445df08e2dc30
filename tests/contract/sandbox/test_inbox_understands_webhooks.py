"""What notifications sends, the sandbox's inbox finds well signed, and nothing else."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from kit.clock import SystemClock
from kit.ids import new_id
from notifications.domain.deliveries import Job
from notifications.domain.webhook_urls import Reach
from notifications.webhooks.guard import Guard
from notifications.webhooks.payloads import trial_message
from notifications.webhooks.sender import WebhookClient
from notifications.webhooks.vault import SecretVault, secret_text
from sandbox.app import build
from sandbox.inbox.box import Inbox
from sandbox.settings import Settings
from testkit.servers import serving_app


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[str, Inbox]]:
    web = build(Settings(_env_file=None)).web
    inbox = web.state.inboxes.open("mine")
    async with serving_app(web) as port:
        yield f"http://127.0.0.1:{port}/sandbox/inbox/mine", inbox


async def test_the_inbox_checks_what_the_sender_signs(inbox: tuple[str, Inbox]) -> None:
    url, box = inbox
    clock, vault, endpoint_id = SystemClock(), SecretVault(SecretStr("a-key-of-tests")), new_id()
    secret, stored = vault.new(endpoint_id)
    message = trial_message(new_id(), endpoint_id, clock.now())
    job = Job(new_id(), endpoint_id, message.id, url, stored, None, message.body, 0, 0, False)
    async with WebhookClient(Guard(Reach(plain_http=True, loopback=True)), vault, clock) as sender:
        attempt = await sender.send(job)
    assert attempt.reply.is_success
    [webhook] = box.newest(10)
    assert webhook.type == "webhook.test"
    assert box.check(webhook) == "unchecked"
    box.secret = secret_text(secret)
    assert box.check(webhook) == "valid"
    box.secret = secret_text(b"x" * 32)
    assert box.check(webhook) == "invalid"
