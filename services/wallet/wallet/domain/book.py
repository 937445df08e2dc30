"""Holds the ledger's state while a batch is decided, and all that it adds.

The state: locked accounts and their holds. It applies what `posting` has decided, decides nothing
itself, and knows no database.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.ids import derived_id
from wallet.domain.commands import CommandOutcome, Held, Mark, Party, Posted, Released
from wallet.domain.hash_chain import Entry, entry_hash

REPAYMENT = "debt_repayment"  # the kind of transfers that pay debts off


@dataclass(slots=True)
class Account:
    """A locked account; amounts are in minor units of `currency`.

    `seq` is the number of its latest entry. What the owner owes is not part of the balance; while
    anything is owed, nothing is available.
    """

    id: UUID
    owner_id: UUID | None
    currency: str
    kind: str
    is_frozen: bool
    balance_minor: int
    held_minor: int
    seq: int
    last_hash: bytes
    moved_at: datetime
    owed_minor: int = 0
    is_closed: bool = False

    @property
    def available_minor(self) -> int:
        """What may be spent or held, in minor units."""
        return self.balance_minor - self.held_minor

    @property
    def has_floor(self) -> bool:
        """Tell whether its balance must stay at 0 or more.

        Only `external`, `suspense` and `debts` of the house may go below.
        """
        return self.kind not in {"external", "suspense", "debts"}


@dataclass(slots=True)
class Hold:
    """Money set aside on an account; guarded by that account's lock."""

    id: UUID
    account_id: UUID
    amount_minor: int
    captured_minor: int
    released_minor: int
    reference: str

    @property
    def remaining_minor(self) -> int:
        """What is still set aside; a hold with nothing left is closed."""
        return self.amount_minor - self.captured_minor - self.released_minor


class TransferRow(NamedTuple):
    """A posted transfer, without its entries.

    Its entries are on payer (unless all of it is owed) and payee, and on the house account `debts`
    where `owed_minor` is not 0. `meant_account_id` is the closed wallet in whose place the payee, a
    suspense account, got the money.
    """

    id: UUID
    kind: str
    reference: str
    description: str | None
    currency: str
    posted_at: datetime
    payer_account_id: UUID
    payee_account_id: UUID
    owed_minor: int = 0
    meant_account_id: UUID | None = None
    purpose: str | None = None


class Reservation(NamedTuple):
    """A decision to place `hold` on `account`."""

    account: Account
    hold: Hold


class DecidedMove(NamedTuple):
    """A decision to move money, out of `hold` where there is one.

    `frees_rest` releases what is left of the hold. `owed_minor` of the amount is not taken from the
    payer, who owes it from now on. `meant` is the closed wallet in whose place the payee gets the
    money.
    """

    transfer_id: UUID
    payer: Account
    payee: Account
    amount_minor: int
    kind: str
    reference: str
    description: str | None
    hold: Hold | None = None
    frees_rest: bool = False
    owed_minor: int = 0
    meant: Account | None = None
    purpose: str | None = None


class Release(NamedTuple):
    """A decision to release the rest of `hold`.

    The command `undo_of` must not run any more.
    """

    hold_id: UUID
    hold: Hold | None
    undo_of: UUID


class Barrier(NamedTuple):
    """A command that has not arrived yet and must not run when it does."""

    command_id: UUID
    hold_id: UUID


class Book:
    """Locked accounts and their holds, plus all that a batch of commands adds.

    Every hold given must belong to an account given. `answered` has the outcomes of commands that
    have run. `houses` are the house accounts that stand in for people: `debts` where somebody owes
    or may come to owe, `suspense` where a wallet is closed; one for each kind and currency.
    """

    __slots__ = (
        "accounts",
        "answered",
        "barriers",
        "changed_holds",
        "holds",
        "houses",
        "legs",
        "now",
        "placed_holds",
        "repayments",
        "touched",
        "transfers",
    )

    def __init__(
        self,
        accounts: Iterable[Account],
        holds: Iterable[Hold] = (),
        answered: Mapping[UUID, CommandOutcome] | None = None,
        *,
        now: datetime,
        houses: Iterable[Account] = (),
    ) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.houses: dict[tuple[str, str], Account] = {}
        for house in houses:
            self.accounts[house.id] = self.houses[house.kind, house.currency] = house
        self.holds = {hold.id: hold for hold in holds}
        self.answered = dict(answered or {})
        self.now = now
        self.touched: dict[UUID, Account] = {}
        self.placed_holds: dict[UUID, Hold] = {}
        self.changed_holds: dict[UUID, Hold] = {}
        self.transfers: list[TransferRow] = []
        self.legs: list[tuple[Entry, ...]] = []  # for each transfer, in the same order
        self.barriers: list[Barrier] = []
        self.repayments: dict[UUID, UUID] = {}  # transfer -> the command it is due to

    @property
    def entries(self) -> list[Entry]:
        """All entries added, in order."""
        return [entry for legs in self.legs for entry in legs]

    def account_of(self, party: Party) -> Account | None:
        """Return the party's account; None if there is none or it is somebody else's."""
        account = self.accounts.get(party.account_id)
        return account if account is not None and account.owner_id == party.owner_id else None

    def apply(
        self, decided: Reservation | DecidedMove | Release, command_id: UUID
    ) -> CommandOutcome:
        """Carry out a decision and return its outcome.

        If a person who owes gets money available by it, that pays the debt off at once.
        """
        if isinstance(decided, DecidedMove):
            posted = self._move(decided)
            self._repay(decided.payer, command_id)
            self._repay(decided.payee, command_id)
            return posted
        if isinstance(decided, Reservation):
            return self._reserve(decided)
        released = self._release(decided)
        if decided.hold is not None:
            self._repay(self.accounts[decided.hold.account_id], command_id)
        return released

    def _reserve(self, decided: Reservation) -> Held:
        account, hold = decided
        account.held_minor += hold.amount_minor
        self.touched[account.id] = account
        self.holds[hold.id] = self.placed_holds[hold.id] = hold
        return Held(hold.id, account.id)

    def _move(self, decided: DecidedMove) -> Posted:
        payer, payee, amount = decided.payer, decided.payee, decided.amount_minor
        if decided.hold is not None:
            decided.hold.captured_minor += amount
            payer.held_minor -= amount
            if decided.frees_rest:
                self._free(decided.hold, payer)
            self._changed(decided.hold)
        sides = [payer, payee]
        legs = [(payee, amount)]
        if decided.owed_minor:
            debts = self.houses["debts", payer.currency]
            sides.append(debts)
            legs.insert(0, (debts, -decided.owed_minor))
            payer.owed_minor += decided.owed_minor
            self.touched[payer.id] = payer
        if amount > decided.owed_minor:
            legs.insert(0, (payer, decided.owed_minor - amount))
        # Times along an account never go back, even if the clock does, so that an account's
        # entries can be searched by time.
        posted_at = max(self.now, *[side.moved_at for side in sides])
        row = TransferRow(
            decided.transfer_id,
            decided.kind,
            decided.reference,
            decided.description,
            payer.currency,
            posted_at,
            payer.id,
            payee.id,
            decided.owed_minor,
            decided.meant.id if decided.meant else None,
            decided.purpose,
        )
        self.transfers.append(row)
        entries = tuple(self._enter(*leg, row.id, posted_at) for leg in legs)
        self.legs.append(entries)
        marks = (_mark(payer, entries), _mark(payee, entries))
        return Posted(row.id, posted_at, payer.id, payee.id, decided.owed_minor, *marks)

    def _repay(self, account: Account, command_id: UUID) -> None:
        """Pay off what is owed, as far as money is available."""
        amount = min(account.owed_minor, account.available_minor)
        if amount <= 0:
            return
        account.owed_minor -= amount
        # The id is derived from account and entry number, because this module makes no new ids.
        transfer_id = derived_id(account.id, account.seq + 1, REPAYMENT)
        self.repayments[transfer_id] = command_id
        debts = self.houses["debts", account.currency]
        self._move(
            DecidedMove(transfer_id, account, debts, amount, REPAYMENT, str(account.id), None)
        )

    def _enter(
        self, account: Account, amount_minor: int, transfer_id: UUID, posted_at: datetime
    ) -> Entry:
        account.seq += 1
        account.balance_minor += amount_minor
        account.moved_at = posted_at
        line = (account.id, account.seq, transfer_id, amount_minor, account.balance_minor)
        account.last_hash = entry_hash(account.last_hash, *line, posted_at)
        self.touched[account.id] = account
        return Entry(*line, account.last_hash, posted_at)

    def _release(self, decided: Release) -> Released:
        hold = decided.hold
        if decided.undo_of not in self.answered:
            self.barriers.append(Barrier(decided.undo_of, decided.hold_id))
        if hold is not None and hold.remaining_minor:
            account = self.accounts[hold.account_id]
            self._free(hold, account)
            self.touched[account.id] = account
            self._changed(hold)
        return Released(decided.hold_id)

    def _free(self, hold: Hold, account: Account) -> None:
        account.held_minor -= hold.remaining_minor
        hold.released_minor += hold.remaining_minor

    def _changed(self, hold: Hold) -> None:
        if hold.id not in self.placed_holds:
            self.changed_holds[hold.id] = hold


def _mark(account: Account, entries: Iterable[Entry]) -> Mark | None:
    """Return the mark of the entry on an account that is somebody's."""
    if account.owner_id is None:
        return None
    for entry in entries:
        if entry.account_id == account.id:
            return Mark(entry.seq, entry.balance_after_minor)
    return None
