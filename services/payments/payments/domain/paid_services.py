"""Defines a paid service; `paid_service_rules` decides who may change one."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

# Owns services made without a token; no user has this id, and its wallet opens on the first credit.
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
        """The text that a search looks in."""
        return folded(f"{self.name}\n{self.description or ''}")


def folded(text: str) -> str:
    """Return a text's form that other spellings of it share: NFKC and casefold.

    In any script.
    """
    return unicodedata.normalize("NFKC", text).casefold()
