"""Shapes what wallets have moved, for the service that keeps people's books.

A page may have thousands of movements, so they are rendered from rows; the models document them.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

import orjson
from pydantic import Field

from kit.web.schemas import Model
from wallet.repository.movements import Moved, MovementPage, WalletBalance

MOST: Final = 5000
_GAPS: Final = r"^[0-9]{1,18}-[0-9]{1,18}(,[0-9]{1,18}-[0-9]{1,18})*$"
_LONGEST: Final = 20_000  # a thousand gaps, and far below what a request line may have
_WALLET_ID: Final = "01938c5e-8e1a-7b7e-9f0b-2d1c3b4a5f60"
_OWNER_ID: Final = "01938c5e-8e1a-7b7e-9f0b-2d1c3b4a5f61"
_OTHER_ID: Final = "01938c5e-8e1a-7b7e-9f0b-2d1c3b4a5f63"
_TRANSFER_ID: Final = "01938c5e-8e1a-7b7e-9f0b-2d1c3b4a5f62"


class MovementsQuery(Model):
    """How far all wallets' movements were read."""

    after: int = Field(0, ge=0, le=2**62, description="The highest position that was read.")
    gaps: str | None = Field(
        None,
        pattern=_GAPS,
        max_length=_LONGEST,
        description="Spans of positions up to it that were not there yet.",
        examples=["17-17,20-25"],
    )
    limit: int = Field(1000, ge=1, le=MOST)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The gaps, each with its first and last position."""
        texts = self.gaps.split(",") if self.gaps else []
        return [(int(first), int(last)) for first, _, last in (one.partition("-") for one in texts)]


class WalletMovementsQuery(Model):
    """How far one wallet's movements were read."""

    after_seq: int = Field(0, ge=0, le=2**62, description="The number of its latest known entry.")
    limit: int = Field(1000, ge=1, le=MOST)


class BalancesQuery(Model):
    """How far wallets were read, in the order of their ids."""

    after: UUID | None = None
    limit: int = Field(1000, ge=1, le=MOST)


class MovementAnswer(Model):
    """An entry of a wallet; amounts in minor units, negative where money left."""

    position: int = Field(examples=[17])
    account_id: UUID = Field(examples=[_WALLET_ID])
    seq: int = Field(examples=[2])
    amount_minor: int = Field(examples=[-15000])
    balance_after_minor: int = Field(examples=[85000])


class MovingTransferAnswer(Model):
    """A transfer with those of its entries that were read and are of wallets."""

    id: UUID = Field(examples=[_TRANSFER_ID])
    kind: str = Field(examples=["payment"])
    reference: str = Field(examples=[_TRANSFER_ID])
    description: str | None = Field(examples=["For tea"])
    purpose: str | None = Field(examples=[None])
    posted_at: datetime
    payer_account_id: UUID = Field(examples=[_WALLET_ID])
    payee_account_id: UUID = Field(examples=[_OTHER_ID])
    entries: list[MovementAnswer]


class MovedWallet(Model):
    """A wallet."""

    id: UUID = Field(examples=[_WALLET_ID])
    owner_id: UUID = Field(examples=[_OWNER_ID])
    currency: str = Field(examples=["RUB"])
    name: str = Field(examples=["Default"])


class MovedAccountAnswer(Model):
    """An account at one end of a transfer; `owner_id` is null where it is the house's."""

    id: UUID = Field(examples=[_WALLET_ID])
    owner_id: UUID | None = Field(examples=[_OWNER_ID])
    currency: str = Field(examples=["RUB"])
    name: str = Field(examples=["Default"])
    kind: str = Field(examples=["wallet"])


class WalletMovementsAnswer(Model):
    """What moved one wallet, in the order of `seq`.

    The accounts are those of the transfers.
    """

    transfers: list[MovingTransferAnswer]
    accounts: list[MovedAccountAnswer]


class MovementsAnswer(WalletMovementsAnswer):
    """Transfers that moved wallets, and what the reading of their entries knew.

    They are in the order of their first entry's `position`.
    `kit.db.tail` says what the ids of transactions are for.
    """

    positions: list[int] = Field(
        description="Of all entries that were read, also those of no wallet.", examples=[[17, 18]]
    )
    is_whole: bool = Field(description="Whether there are no more now.", examples=[True])
    oldest_xid: int = Field(examples=[1201])
    next_xid: int = Field(examples=[1204])


class BalanceAfter(MovedWallet):
    """A wallet after its latest entry."""

    seq: int = Field(examples=[2])
    balance_minor: int = Field(examples=[85000])
    first_position: int | None = Field(
        description="Of its first entry, among those of all accounts.", examples=[17]
    )


class BalancesAnswer(Model):
    """Wallets in the order of their ids; fewer than the limit are the last."""

    items: list[BalanceAfter]

    @classmethod
    def of(cls, found: Iterable[WalletBalance]) -> Self:
        """Show how wallets stand."""
        return cls(items=[BalanceAfter(**one._asdict()) for one in found])


def page_json(page: MovementPage) -> bytes:
    """Render a MovementsAnswer."""
    facts = page._asdict()
    moved = facts.pop("moved")
    return orjson.dumps(facts | _facts(moved))


def movements_json(moved: Moved) -> bytes:
    """Render a WalletMovementsAnswer."""
    return orjson.dumps(_facts(moved))


def _facts(moved: Moved) -> dict[str, Any]:
    entries = defaultdict[str, list[dict[str, Any]]](list)
    for position, account_id, transfer_id, seq, amount_minor, balance_after_minor in moved.entries:
        entries[transfer_id].append(
            {
                "position": position,
                "account_id": account_id,
                "seq": seq,
                "amount_minor": amount_minor,
                "balance_after_minor": balance_after_minor,
            }
        )
    transfers = {one.id: one for one in moved.transfers}
    return {
        "transfers": [
            transfers[transfer_id]._asdict() | {"entries": own}
            for transfer_id, own in entries.items()
        ],
        "accounts": [one._asdict() for one in moved.accounts],
    }
