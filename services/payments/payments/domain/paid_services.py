"""What a paid service is: a service that can be paid for. `billing` decides who may change one."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

# Owns what was made without a token; no user has it, and its wallet opens on the first credit.
HOUSE: Final = UUID("00000000-0000-7000-8000-000000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidService:
    """A service that can be paid for.

    Attributes:
        price_minor: What it costs, in minor units of ``currency``; None leaves it to the payer.
        owner_id: Who is paid, and may change it.
        account_id: The owner's wallet that is paid into; None means the default one.
    """

    id: UUID
    name: str
    description: str | None
    price_minor: int | None
    currency: str
    owner_id: UUID
    account_id: UUID | None
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @property
    def search_key(self) -> str:
        """What a search looks in."""
        return folded(f"{self.name}\n{self.description or ''}")


def folded(text: str) -> str:
    """Return what two spellings of a text have in common, in any script: NFKC and casefold."""
    return unicodedata.normalize("NFKC", text).casefold()
