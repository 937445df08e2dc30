"""Shapes what wallets have moved, for the service that keeps people's books.

A page may have thousands of movements, so they are rendered from rows; the models document them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

import orjson
from pydantic import Field

from kit.jsonable import plain
from kit.web.schemas import Model
from wallet.repository.movements import MovementPage, WalletBalance, WalletMovement

MOST: Final = 5000
_GAPS: Final = r"^[0-9]{1,18}-[0-9]{1,18}(,[0-9]{1,18}-[0-9]{1,18})*$"
_LONGEST: Final = 20_000  # a thousand gaps, and far below what a request line may have
_WALLET_ID: Final = "01938c5e-8e1a-7b7e-9f0b-2d1c3b4a5f60"
_OWNER_ID: Final = "01938c5e-8e1a-7b7e-9f0b-2d1c3b4a5f61"
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


class MovedWallet(Model):
    """The wallet of a movement."""

    id: UUID = Field(examples=[_WALLET_ID])
    owner_id: UUID = Field(examples=[_OWNER_ID])
    currency: str = Field(examples=["RUB"])
    name: str = Field(examples=["Default"])


class MovedTransfer(Model):
    """The transfer of a movement."""

    id: UUID = Field(examples=[_TRANSFER_ID])
    kind: str = Field(examples=["payment"])
    reference: str = Field(examples=[_TRANSFER_ID])
    description: str | None = Field(examples=["For tea"])
    purpose: str | None = Field(examples=[None])


class OtherAccount(Model):
    """The other account of a transfer; `owner_id` is null where it is the house's."""

    account_id: UUID = Field(examples=[_WALLET_ID])
    owner_id: UUID | None = Field(examples=[_OWNER_ID])
    kind: str = Field(examples=["wallet"])


class MovementAnswer(Model):
    """An entry of a wallet; amounts in minor units, negative where money left."""

    position: int = Field(examples=[17])
    account: MovedWallet
    seq: int = Field(examples=[2])
    amount_minor: int = Field(examples=[-15000])
    balance_after_minor: int = Field(examples=[85000])
    posted_at: datetime
    transfer: MovedTransfer
    counterparty: OtherAccount


class MovementsAnswer(Model):
    """Movements of wallets, and what the statement that read them knew.

    `kit.db.tail` says what the ids of transactions are for.
    """

    movements: list[MovementAnswer]
    positions: list[int] = Field(
        description="Of all entries that were read, also those of no wallet.", examples=[[17, 18]]
    )
    is_whole: bool = Field(description="Whether there are no more now.", examples=[True])
    oldest_xid: int = Field(examples=[1201])
    next_xid: int = Field(examples=[1204])


class WalletMovementsAnswer(Model):
    """Movements of one wallet, in the order of `seq`."""

    movements: list[MovementAnswer]


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
    facts = page._asdict() | {"movements": _facts(page.movements)}
    return orjson.dumps(facts, default=plain)


def movements_json(movements: Sequence[WalletMovement]) -> bytes:
    """Render a WalletMovementsAnswer."""
    return orjson.dumps({"movements": _facts(movements)}, default=plain)


def _facts(movements: Iterable[WalletMovement]) -> list[dict[str, Any]]:
    return [
        {
            "position": one.position,
            "account": {
                "id": one.account_id,
                "owner_id": one.owner_id,
                "currency": one.currency,
                "name": one.name,
            },
            "seq": one.seq,
            "amount_minor": one.amount_minor,
            "balance_after_minor": one.balance_after_minor,
            "posted_at": one.posted_at,
            "transfer": {
                "id": one.transfer_id,
                "kind": one.kind,
                "reference": one.reference,
                "description": one.description,
                "purpose": one.purpose,
            },
            "counterparty": {
                "account_id": one.other_id,
                "owner_id": one.other_owner_id,
                "kind": one.other_kind,
            },
        }
        for one in movements
    ]
