"""What people see of an account they own; the ledger's own view of it is `book.Account`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

DEFAULT_NAME = "Main"
SANDBOX = "sandbox"  # the provider whose money is not real

HouseKind = Literal["external", "suspense", "fees", "debts"]
Status = Literal["active", "frozen", "closed"]


# Names of the house's own accounts, in the place of a provider's.
DEBTS = "debts"  # lends what people owe
FEES = "fees"
CLOSED_OWNERS = "closed_owners"  # where money for deleted owners waits


# Who can bring money in must not be able to use up an account that all need. So past this balance,
# either way, the next one of the same name is opened; a thousand of the largest amounts still fit
# on top of it, for the batches under way.
HOUSE_IS_FULL_MINOR = 8 * 10**18


class Home(NamedTuple):
    """Whose default wallet of which currency."""

    owner_id: UUID
    currency: str


class HouseAccount(NamedTuple):
    """An account of the house's, in one currency: for a provider, or for one use of its own."""

    kind: HouseKind
    provider: str
    currency: str


# What people call the house's accounts; `external` stands for the outside world's money.
HOUSES: Final[Mapping[str, HouseKind]] = {
    "clearing": "external",
    "suspense": "suspense",
    "fees": "fees",
    "debts": "debts",
}
HOUSE_NAMES: Final[Mapping[str, str]] = {kind: name for name, kind in HOUSES.items()}


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
    owed_minor: int = 0

    @property
    def available_minor(self) -> int:
        """What may be spent or held."""
        return self.balance_minor - self.held_minor
