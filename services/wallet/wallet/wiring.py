"""Holds the parts that the composition root opened, for operations; opens none."""

from dataclasses import dataclass
from typing import Annotated

from kit.db import Database
from kit.web.state import from_state
from wallet.clients.payments import PaymentsClient
from wallet.settings import Settings


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    payments: PaymentsClient


Wired = Annotated[Wiring, from_state("wiring")]
