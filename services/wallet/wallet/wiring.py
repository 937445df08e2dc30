"""Hands what the runtime has opened to the operations; opens nothing itself."""

from typing import Annotated

from fastapi import Depends, Request

from kit.db import Database
from wallet.clients.payments import PaymentsClient
from wallet.settings import Settings


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _charging(request: Request) -> PaymentsClient:
    charging: PaymentsClient = request.app.state.charging
    return charging


CardCharging = Annotated[PaymentsClient, Depends(_charging)]
Store = Annotated[Database, Depends(_database)]
Configured = Annotated[Settings, Depends(_settings)]
