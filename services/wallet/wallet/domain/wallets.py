"""Defines wallets as their owners see them, and the names of house accounts.

The ledger's own view of an account is `book.Account`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

DEFAULT_NAME = "Main"
MERCHANT_NAME = "Merchant"
SANDBOX = "sandbox"  # the provider whose money is not real

HouseKind = Literal["external", "suspense", "fees", "debts"]
WalletStatus = Literal["active", "frozen", "closed"]
WalletKind = Literal["wallet", "merchant"]


# Names of house accounts that belong to no provider.
DEBTS = "debts"  # has lent what people owe
FEES = "fees"
CLOSED_OWNERS = "closed_owners"  # where money for deleted owners waits


# Nobody who brings money in may fill up an account that everybody needs. So past this balance,
# above or below zero, the next account of the same name is opened. A thousand of the largest
# amounts still fit on top of it, for the batches under way.
HOUSE_IS_FULL_MINOR = 8 * 10**18


class WalletKey(NamedTuple):
    """The key of a default wallet: its owner and its currency."""

    owner_id: UUID
    currency: str


class NewDefault(NamedTuple):
    """A default wallet to open, or a merchant's account, which takes its place."""

    id: UUID
    key: WalletKey
    kind: WalletKind
    name: str


class HouseAccount(NamedTuple):
    """The key of a house account; `provider` is a provider's name or a use's."""

    kind: HouseKind
    provider: str
    currency: str


# The API's names of house accounts; `external` holds the money that is outside.
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
    status: WalletStatus
    is_default: bool
    balance_minor: int
    held_minor: int
    created_at: datetime
    owed_minor: int = 0

    @property
    def available_minor(self) -> int:
        """What may be spent or held."""
        return self.balance_minor - self.held_minor
