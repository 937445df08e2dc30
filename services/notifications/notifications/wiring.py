"""Holds the parts that the composition root opened, for operations; opens none."""

from dataclasses import dataclass
from typing import Annotated

from kit.db import Database
from kit.wake_up import WakeUp
from kit.web.state import from_state
from notifications.clients.payments import ListenersClient
from notifications.mail.worker import MailWorker
from notifications.settings import Settings
from notifications.webhooks.guard import Guard
from notifications.webhooks.vault import SecretVault


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    payments: ListenersClient
    mail_worker: MailWorker
    guard: Guard
    vault: SecretVault
    webhook_wake_up: WakeUp


Wired = Annotated[Wiring, from_state("wiring")]
