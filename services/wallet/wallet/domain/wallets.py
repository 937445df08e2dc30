"""What people see of an account they own; the ledger's own view of it is `book.Account`."""

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

DEFAULT_NAME = "Main"
SANDBOX = "sandbox"  # the provider whose money is not real

Status = Literal["active", "frozen"]


class Home(NamedTuple):
    """Whose default wallet of which currency."""

    owner_id: UUID
    currency: str


class HouseAccount(NamedTuple):
    """An account of nobody's that stands for a provider, in one currency."""

    kind: Literal["external", "suspense"]
    provider: str
    currency: str


class Wallet(NamedTuple):
    """A wallet; amounts in minor units of its currency."""

    id: UUID
    number: int
    owner_id: UUID
    name: str
    currency: str
    status: Status
    is_default: bool
    balance_minor: int
    held_minor: int
    created_at: datetime

    @property
    def available_minor(self) -> int:
        """What may be spent or held."""
        return self.balance_minor - self.held_minor
