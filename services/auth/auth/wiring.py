"""Hands what the composition root made to the operations; opens nothing itself."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from auth.crypto.hashing import PasswordHasher
from auth.crypto.signing import TokenSigner
from auth.crypto.vault import KeyVault
from auth.loops.deletions import DeletionWorker
from auth.loops.revocations import Revoker
from auth.settings import Settings
from kit.clock import Clock
from kit.db import Database


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    clock: Clock
    hasher: PasswordHasher
    signer: TokenSigner
    vault: KeyVault
    revoker: Revoker
    leaving: DeletionWorker


def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]
