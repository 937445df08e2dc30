"""Holds the parts that the composition root opened, for operations; opens none."""

from dataclasses import dataclass
from typing import Annotated

from finance.cache import ReportCache
from finance.clients.auth import AuthClient
from finance.clients.storage import FileStorage
from finance.clients.wallet import WalletClient
from finance.live.exports import ExportStreams
from finance.settings import Settings
from kit.db import Database
from kit.waiters import Places
from kit.web.state import from_state


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    auth: AuthClient
    wallet: WalletClient
    reports: ReportCache
    storage: FileStorage
    export_streams: ExportStreams
    places: Places


Wired = Annotated[Wiring, from_state("wiring")]
