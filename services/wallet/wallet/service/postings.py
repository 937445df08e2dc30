"""Posts what commands and operations ask of the ledger: locks, decides, writes.

`domain.posting` has the decisions. Messages come through `commands`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from uuid import UUID

from contracts.wallet import EntryPosted, FundsMoved
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from kit.messaging.outbox import emit
from wallet.domain import commands as ledger
from wallet.domain.book import Account, Book, TransferRow
from wallet.domain.commands import CommandOutcome, LedgerCommand
from wallet.domain.hash_chain import Entry
from wallet.domain.posting import post
from wallet.domain.wallets import CLOSED_OWNERS, DEBTS, HouseAccount
from wallet.repository.ledger import Ledger, Locked
from wallet.repository.wallets import Wallets
from wallet.service.translation import repeated

log = get_logger(__name__)


async def settle(
    uow: UnitOfWork, commands: Sequence[LedgerCommand]
) -> tuple[Book, list[CommandOutcome]]:
    """Lock what the commands touch, decide, and write the changes. Emits nothing."""
    book, outcomes = await decide(uow, commands)
    await Ledger(uow).save(book)
    return book, outcomes


async def decide(
    uow: UnitOfWork, commands: Sequence[LedgerCommand], found: Locked | None = None
) -> tuple[Book, list[CommandOutcome]]:
    """Lock what the commands touch, unless `found` is it, and decide; writes nothing."""
    rows = Ledger(uow)
    accounts, hold_ids, command_ids = _touched(commands)
    locked, _, may_repeat = found or await rows.lock_for_posting(accounts, hold_ids, command_ids)
    houses = await _stand_ins(uow, commands, locked)
    left = {*accounts, *houses.values()}.difference(account.id for account in locked)
    last = await rows.lock_last(left) if left else []
    # Kept replies are read after the lock, so that a copy of a command that runs elsewhere is
    # finished; and before the holds, so that the hold of a kept reply is seen, too. If such a copy
    # is the only one, it is met at the key of `command`: the batch is done again one by one.
    known = await rows.kept_replies(command_ids) if may_repeat else []
    answered = {kept.command_id: repeated(kept) for kept in known}
    holds = await rows.holds(hold_ids, locked)
    standing = {*houses.values()}
    book = Book(
        [*locked, *last],
        holds,
        answered,
        now=uow.clock.now(),
        houses=[account for account in last if account.id in standing],
    )
    outcomes = post(book, commands)
    if houses:
        _raise_alarm(uow, book)
    return book, outcomes


def emit_movements(uow: UnitOfWork, book: Book) -> None:
    """Emit an event for each transfer of the book."""
    for transfer, legs in zip(book.transfers, book.legs, strict=True):
        emit(uow, funds_moved(book, transfer, legs), subject=str(transfer.id), sequence=1)


def funds_moved(book: Book, transfer: TransferRow, legs: tuple[Entry, ...]) -> FundsMoved:
    """Return the event of one transfer in the book."""
    return FundsMoved(
        transfer_id=transfer.id,
        kind=transfer.kind,
        reference=transfer.reference,
        description=transfer.description,
        currency=transfer.currency,
        entries=tuple(
            EntryPosted(
                account_id=entry.account_id,
                owner_id=book.accounts[entry.account_id].owner_id,
                seq=entry.seq,
                amount_minor=entry.amount_minor,
                balance_after_minor=entry.balance_after_minor,
            )
            for entry in legs
        ),
        posted_at=transfer.posted_at,
    )


async def house_accounts(
    uow: UnitOfWork, wanted: Collection[HouseAccount]
) -> Mapping[HouseAccount, UUID]:
    """Return house accounts, opening the missing ones in one order."""
    wallets, now = Wallets(uow), uow.clock.now()
    return {one: await wallets.house_account(one, new_id(), now) for one in sorted(wanted)}


def _raise_alarm(uow: UnitOfWork, book: Book) -> None:
    """Log an alarm, after COMMIT, for deleted owners' money that went to suspense."""
    for row in book.transfers:
        if row.meant_account_id is not None:
            fields = {"transfer_id": str(row.id), "wallet_id": str(row.meant_account_id)}
            uow.after_commit(partial(log.error, "closed_owners_money_in_suspense", **fields))


async def _stand_ins(
    uow: UnitOfWork, commands: Iterable[LedgerCommand], locked: Iterable[Account]
) -> Mapping[HouseAccount, UUID]:
    """Find or open the house accounts that stand in for people.

    `debts` may be needed where somebody owes or may come to owe, `suspense` where a wallet is
    closed.
    """
    wanted = {
        HouseAccount("debts", DEBTS, command.currency)
        for command in commands
        if isinstance(command, ledger.Transfer) and command.is_owed
    }
    for account in locked:
        if account.owed_minor:
            wanted.add(HouseAccount("debts", DEBTS, account.currency))
        if account.is_closed:
            wanted.add(HouseAccount("suspense", CLOSED_OWNERS, account.currency))
    return await house_accounts(uow, wanted) if wanted else {}


def _touched(commands: Iterable[LedgerCommand]) -> tuple[set[UUID], set[UUID], set[UUID]]:
    """Return the ids of the accounts, holds and commands that deciding needs."""
    accounts, holds, ids = set[UUID](), set[UUID](), set[UUID]()
    for command in commands:
        ids.add(command.command_id)
        match command:
            case ledger.Transfer():
                accounts.add(command.payer.account_id)
                accounts.add(command.payee.account_id)
            case ledger.PlaceHold():
                accounts.add(command.payer.account_id)
            case ledger.CaptureHold():
                accounts.add(command.payee.account_id)
                holds.add(command.hold_id)
            case ledger.ReleaseHold():
                holds.add(command.hold_id)
                ids.add(command.undo_of)
    return accounts, holds, ids
