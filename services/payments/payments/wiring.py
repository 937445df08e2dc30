"""What the composition root has put together, handed to every operation. It opens nothing."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from kit.db import Database
from kit.saga import SagaEngine
from payments.charging import Charging
from payments.neighbours import Neighbours
from payments.settings import Settings
from payments.waiting import Finishes


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    engine: SagaEngine
    finishes: Finishes
    neighbours: Neighbours
    charging: Charging


def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]
