"""Hands what the composition root made to the operations; opens nothing itself."""

from dataclasses import dataclass
from typing import Annotated

from auth.crypto.forms import FormSeal
from auth.crypto.hashing import PasswordHasher
from auth.crypto.passkeys import RelyingParty
from auth.crypto.signing import TokenSigner
from auth.crypto.vault import KeyVault
from auth.loops.deletions import DeletionWorker
from auth.loops.revocations import Revoker
from auth.loops.rotation import KeyRotation
from auth.service.factors.proofs import Checker
from auth.settings import Settings
from kit.db import Database
from kit.web.state import from_state


@dataclass(frozen=True, slots=True)
class Wiring:
    """Everything an operation may need."""

    settings: Settings
    database: Database
    hasher: PasswordHasher
    signer: TokenSigner
    vault: KeyVault
    forms: FormSeal
    party: RelyingParty
    checker: Checker
    key_rotation: KeyRotation
    revoker: Revoker
    deletion_worker: DeletionWorker


Wired = Annotated[Wiring, from_state("wiring")]
