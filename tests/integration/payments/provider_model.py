"""A card provider as one holds it to account: what it holds, what it gave and took, what it told.

It answers payments' calls as the sandbox does, and writes letters; a test decides when each comes.
"""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from contracts.wallet import HOUSE, CaptureHold, PlaceHold, ReleaseHold, Transfer
from kit.ids import new_id
from kit.messaging.messages import Command

AMOUNT = 10_000
CURRENCY = "RUB"


@dataclass
class Refund:
    """Money given back to the card, or refused to be."""

    id: str
    minor: int
    ours: str | None
    status: str  # pending, succeeded or failed

    @property
    def is_given(self) -> bool:
        return self.status != "failed"


@dataclass
class Dispute:
    """What the card's owner wants back."""

    id: str
    minor: int
    status: str = "needs_response"
    is_withdrawn: bool = False
    is_reinstated: bool = False

    @property
    def taken(self) -> int:
        return self.minor if self.is_withdrawn and not self.is_reinstated else 0


@dataclass
class Provider:
    """One payment of 100.00 at the provider; ``letters`` are events that nobody has heard yet."""

    charge_id: str
    chance: Random
    has_come: bool = False
    is_cancelled: bool = False
    refunds: dict[str, Refund] = field(default_factory=dict)  # by idempotency key, or own id
    disputes: list[Dispute] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    is_down: bool = False

    @property
    def holds(self) -> int:
        """What it holds for us; less than nothing where it took more than came."""
        given = sum(one.minor for one in self.refunds.values() if one.is_given)
        taken = sum(one.taken for one in self.disputes)
        return (AMOUNT if self.has_come else 0) - given - taken

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ReadTimeout("nobody knows", request=request)
        path = request.url.path
        if path.endswith("/refunds"):
            return self._refund(request)
        if path.endswith("/cancel") and not self.has_come:
            self.is_cancelled = True
        return httpx.Response(200, json=self._payment())

    def _payment(self) -> dict[str, Any]:
        ended = "cancelled" if self.is_cancelled else "pending"
        status = "succeeded" if self.has_come else ended
        return {"id": f"card_{self.charge_id}", "status": status, "charge_id": self.charge_id}

    def _refund(self, request: httpx.Request) -> httpx.Response:
        """Give a sum back, if it is there; sometimes it is given and nobody hears of it."""
        key, asked = request.headers["idempotency-key"], json.loads(request.content)
        minor = int(asked["amount"].replace(".", ""))
        known = self.refunds.get(key)
        if known is None:
            if minor > self.holds and self.chance.random() < 0.7:  # mostly as providers do
                return httpx.Response(400, json={})
            known = Refund(f"re_{new_id().hex}", minor, asked["refund_id"], "succeeded")
            self.refunds[key] = known
            self._tell_refund(known)
            if self.chance.random() < 0.3:
                raise httpx.ReadTimeout("nobody knows", request=request)
        return httpx.Response(201, json={"id": known.id, "status": "succeeded"})

    # What happens at the provider.

    def comes(self) -> None:
        if not self.is_cancelled:
            self.has_come = True
            self._tell("payment.succeeded")

    def is_disputed(self) -> None:
        if self.has_come and len(self.disputes) < 3:
            minor = self.chance.choice([3_000, 6_000, AMOUNT])
            self.disputes.append(Dispute(f"dp_{len(self.disputes)}", minor))
            self._tell_dispute("created", self.disputes[-1])

    def withdraws(self) -> None:
        for one in self.disputes:
            if not one.is_withdrawn:
                one.is_withdrawn = True
                self._tell_dispute("funds_withdrawn", one)
                return

    def decides(self) -> None:
        for one in self.disputes:
            if one.is_withdrawn and one.status == "needs_response":
                one.status = self.chance.choice(["won", "lost"])
                self._tell_dispute("closed", one)
                if one.status == "won":
                    one.is_reinstated = True
                    self._tell_dispute("funds_reinstated", one)
                return

    def refunds_by_hand(self) -> None:
        minor = self.chance.choice([2_000, 5_000, AMOUNT])
        given = sum(one.minor for one in self.refunds.values() if one.is_given)
        # Mostly of what it holds, else of what it would have to get from us first.
        if self.has_come and minor <= (
            self.holds if self.chance.random() < 0.6 else AMOUNT - given
        ):
            made = Refund(f"re_{new_id().hex}", minor, None, "pending")
            self.refunds[made.id] = made
            self._tell_refund(made)
            if self.chance.random() < 0.8:
                made.status = "succeeded"
                self._tell_refund(made)

    def a_card_takes_no_refund(self) -> None:
        given = [one for one in self.refunds.values() if one.is_given]
        if given:
            failed = self.chance.choice(given)
            failed.status = "failed"
            self._tell_refund(failed)

    def ends_what_is_pending(self) -> None:
        for one in self.refunds.values():
            if one.status == "pending":
                one.status = "succeeded"
                self._tell_refund(one)

    def _tell(self, kind: str, **more: Any) -> None:
        event = {"id": f"evt_{new_id().hex}", "type": kind, "payment": self._payment(), **more}
        self.letters.append(json.dumps(event).encode())

    def _tell_dispute(self, what: str, one: Dispute) -> None:
        said = {"id": one.id, "amount": _decimal(one.minor), "currency": CURRENCY}
        self._tell(f"dispute.{what}", dispute={**said, "status": one.status, "reason": None})

    def _tell_refund(self, one: Refund) -> None:
        said = {"id": one.id, "amount": _decimal(one.minor), "currency": CURRENCY}
        self._tell("refund.updated", refund={**said, "status": one.status, "refund_id": one.ours})


class Ledger:
    """Balances by what the wallet was told, each command once; holds aside."""

    def __init__(self, heard: list[Command]) -> None:
        self.clearing = self.suspense = self.wallets = self.held = 0
        holds: dict[Any, int] = {}
        for command in {one.command_id: one for one in heard}.values():
            match command:
                case PlaceHold():
                    holds[command.hold_id] = command.amount_minor
                case ReleaseHold():
                    holds.pop(command.hold_id, None)
                case CaptureHold():
                    assert holds.pop(command.hold_id) == command.amount_minor
                    self.wallets -= command.amount_minor
                    self.clearing += command.amount_minor
                case Transfer():
                    self._move(command.payer, -command.amount_minor)
                    self._move(command.payee, command.amount_minor)
        self.held = sum(holds.values())

    def _move(self, account: Any, minor: int) -> None:
        if account.owner_id != HOUSE:
            self.wallets += minor
        elif account.is_suspense:
            self.suspense += minor
        else:
            self.clearing += minor


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
