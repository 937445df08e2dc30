"""Hands what the runtime has opened to the operations; opens nothing itself."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from kit.db import Database
from kit.wake_up import WakeUp
from notifications.settings import Settings
from notifications.webhooks.guard import Guard
from notifications.webhooks.vault import SecretVault


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """The parts that webhook operations need: address guard, secrets, wake-up."""

    guard: Guard
    vault: SecretVault
    wake_up: WakeUp


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _webhooks(request: Request) -> WebhookParts:
    parts: WebhookParts = request.app.state.webhooks
    return parts


Store = Annotated[Database, Depends(_database)]
Configured = Annotated[Settings, Depends(_settings)]
Webhooks = Annotated[WebhookParts, Depends(_webhooks)]
