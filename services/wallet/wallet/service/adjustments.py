"""Moves money by hand: one administrator proposes, another one confirms."""

from datetime import timedelta
from typing import NamedTuple, NoReturn
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from kit.money import Money, decimal_text
from kit.refusals import NotFound
from wallet.domain.book import Book
from wallet.domain.commands import CommandOutcome, Party, Posted, Refused, Transfer
from wallet.domain.wallets import CLOSED_OWNERS, FEES, HOUSES, HouseAccount
from wallet.refusals import (
    AccountUnknown,
    AdjustmentDecided,
    AdjustmentExpired,
    AdjustmentImpossible,
    AdjustmentNeedsAnother,
    WalletClosed,
)
from wallet.repository import adjustments
from wallet.repository.adjustments import Adjustment
from wallet.repository.houses import AnyAccount, Houses
from wallet.repository.wallets import Wallets
from wallet.service.postings import decide, emit_movements, settle

KIND = "adjustment"
OPEN_FOR = timedelta(days=7)

log = get_logger(__name__)

# The account's name if the request names no provider.
_NAMES = {"suspense": CLOSED_OWNERS, "fees": FEES}

# Accounts that are opened on first need. Suspense is not opened to take from: it would be empty.
_OPENED = frozenset({("from", "fees"), ("to", "fees"), ("to", "suspense")})


class Side(NamedTuple):
    """One side of a proposal: a wallet, or a house account by name."""

    wallet_id: UUID | None
    house: str | None
    provider: str | None


class Proposal(NamedTuple):
    """What an administrator wants to move."""

    payer: Side
    payee: Side
    money: Money
    reason: str


async def propose(uow: UnitOfWork, by: UUID, wanted: Proposal) -> Adjustment:
    """Store a proposal; confirming it checks whether the money is there.

    Raises:
        AccountUnknown: there is no such account, or it has another currency.
        AdjustmentImpossible: both sides are the same.
    """
    payer = await _account(uow, wanted.payer, wanted.money.currency, "from")
    payee = await _account(uow, wanted.payee, wanted.money.currency, "to")
    if payer.id == payee.id:
        raise AdjustmentImpossible(Refused("same_account"))
    now = uow.clock.now()
    made = Adjustment(
        new_id(),
        payer.id,
        payee.id,
        wanted.money.minor,
        wanted.money.currency,
        wanted.reason,
        "pending",
        by,
        None,
        None,
        now,
        now + OPEN_FOR,
        None,
    )
    await adjustments.add(uow, made)
    return made


class Preview(Exception):  # noqa: N818 (nothing is wrong)
    """Carries what a proposal would write; raised to roll the unit of work back."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book


async def preview(uow: UnitOfWork, by: UUID, wanted: Proposal) -> NoReturn:
    """Work out what posting a proposal now would write.

    Raises:
        Preview: always, unless it would be refused.
        AccountUnknown, AdjustmentImpossible, WalletClosed: as `propose` and `confirm` do.
    """
    made = await propose(uow, by, wanted)
    command = await _command(uow, made)
    book, [outcome] = await decide(uow, [command])
    _require_posted(outcome, command)
    raise Preview(book)


async def confirm(uow: UnitOfWork, adjustment_id: UUID, by: UUID) -> Adjustment:
    """Post another administrator's proposal.

    A refusal leaves it pending, to be confirmed later. It may take from a frozen wallet: freezing
    is often why money has to be moved by hand.

    Raises:
        NotFound: there is no such adjustment.
        AdjustmentNeedsAnother: the caller has proposed it.
        AdjustmentDecided, AdjustmentExpired: it is no longer open.
        AdjustmentImpossible: the money is not there, or does not fit.
        WalletClosed: it would go to a wallet whose owner is deleted.
    """
    found = await _open(uow, adjustment_id)
    if found.status == "posted" and found.decided_by == by:
        return found
    _require_open(found)
    if found.proposed_by == by:
        raise AdjustmentNeedsAnother
    command = await _command(uow, found)
    book, [outcome] = await settle(uow, [command])
    _require_posted(outcome, command)
    emit_movements(uow, book)
    return await _decided(
        uow, found._replace(status="posted", decided_by=by, transfer_id=command.transfer_id)
    )


async def reject(uow: UnitOfWork, adjustment_id: UUID, by: UUID) -> Adjustment:
    """Reject a proposal; its proposer may do so, too.

    Raises:
        NotFound: there is no such adjustment.
        AdjustmentDecided, AdjustmentExpired: it is no longer open.
    """
    found = await _open(uow, adjustment_id)
    if found.status == "rejected" and found.decided_by == by:
        return found
    _require_open(found)
    return await _decided(uow, found._replace(status="rejected", decided_by=by))


async def _open(uow: UnitOfWork, adjustment_id: UUID) -> Adjustment:
    found = await adjustments.lock(uow, adjustment_id)
    if found is None:
        raise NotFound
    return found


def _require_open(found: Adjustment) -> None:
    if found.status == "expired":
        raise AdjustmentExpired
    if found.status != "pending":
        raise AdjustmentDecided


async def _decided(uow: UnitOfWork, decided: Adjustment) -> Adjustment:
    decided = decided._replace(decided_at=uow.clock.now())
    await adjustments.decide(uow, decided)
    uow.after_commit(
        lambda: log.info(
            "adjustment_decided",
            status=decided.status,
            adjustment_id=str(decided.id),
            amount=decimal_text(decided.amount_minor, decided.currency),
            currency=decided.currency,
            decided_by=str(decided.decided_by),
        )
    )
    return decided


async def _command(uow: UnitOfWork, made: Adjustment) -> Transfer:
    return Transfer(
        command_id=new_id(),
        transfer_id=new_id(),
        payer=await _party(uow, made.payer_account_id),
        payee=await _party(uow, made.payee_account_id),
        amount_minor=made.amount_minor,
        currency=made.currency,
        reference=str(made.id),
        kind=KIND,
        description=made.reason,
        even_frozen=True,
    )


async def _party(uow: UnitOfWork, account_id: UUID) -> Party:
    known = await Houses(uow).find(account_id)
    assert known is not None  # noqa: S101 - accounts are never deleted
    return Party(known.owner_id, account_id)


def _require_posted(outcome: CommandOutcome, command: Transfer) -> None:
    if isinstance(outcome, Refused):
        raise AdjustmentImpossible(outcome)
    if isinstance(outcome, Posted) and outcome.payee_account_id != command.payee.account_id:
        raise WalletClosed


async def _account(uow: UnitOfWork, side: Side, currency: str, field: str) -> AnyAccount:
    if side.wallet_id is not None:
        known = await Houses(uow).find(side.wallet_id)
        if known is None or known.owner_id is None or known.currency != currency:
            raise AccountUnknown(field)
        return known
    assert side.house is not None  # noqa: S101 - a side is a wallet or a house account
    name = side.provider or _NAMES.get(side.house)
    found = await _existing(uow, side.house, name, currency)
    if found is None and side.provider is None and (field, side.house) in _OPENED:
        wanted = HouseAccount(HOUSES[side.house], _NAMES[side.house], currency)
        found = await Wallets(uow).house_account(wanted, new_id(), uow.clock.now())
    known = None if found is None else await Houses(uow).find(found)
    if known is None:
        raise AccountUnknown(field)
    return known


async def _existing(uow: UnitOfWork, house: str, name: str | None, currency: str) -> UUID | None:
    """Return an account that exists, because a mistyped name must not open one."""
    if name is None:
        return None
    rows = await Houses(uow).page(HOUSES[house], name, currency, None, 1)
    return rows[0].id if rows else None
