"""Carries out ledger commands, a whole batch at once, and answers each.

Messages and the API share this posting; `domain.posting` has the decisions.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import cast
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.logs import get_logger
from kit.messaging.messages import Envelope, Reply
from kit.messaging.outbox import emit
from kit.tasks import giving_way, together
from wallet.domain import commands as ledger
from wallet.domain.book import Account, Book
from wallet.domain.commands import LedgerCommand, Outcome
from wallet.domain.posting import post
from wallet.domain.wallets import CLOSED_OWNERS, DEBTS, HouseAccount, WalletKey
from wallet.repository.ledger import Ledger
from wallet.service.translation import (
    AccountKey,
    Asked,
    account_keys,
    funds_moved,
    kept,
    ledger_command,
    repeated,
    reply_to,
    undone,
)
from wallet.service.wallets import default_wallets, house_accounts

log = get_logger(__name__)


async def post_commands(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Decide commands in order, post what is accepted, and reply to all.

    Replies are emitted before events. A command that was answered before gets the same reply again,
    in a new message. It takes at most ten statements for any number of commands, three more if
    wallets are opened, and one for each provider's account.
    """
    asked = [cast("Asked", envelope.message) for envelope in envelopes]
    found = await _accounts(uow, asked)
    commands = [ledger_command(message, found) for message in asked]
    book, outcomes = await decide(uow, commands)
    # Replies and events are built while PostgreSQL writes what was decided.
    _, replies = await together(Ledger(uow).save(book), _emit_all(uow, envelopes, book, outcomes))
    await _keep(uow, book, outcomes, replies)


async def _emit_all(
    uow: UnitOfWork, envelopes: Sequence[Envelope], book: Book, outcomes: Sequence[Outcome]
) -> list[Reply]:
    """Emit all replies, then an event for each transfer; return the replies."""
    replies = []
    async for answered in giving_way(zip(envelopes, outcomes, strict=True)):
        for envelope, outcome in answered:
            reply = reply_to(cast("Asked", envelope.message), outcome)
            replies.append(reply)
            if envelope.reply_to is not None:
                emit(uow, reply, subject=envelope.subject, to=envelope.reply_to, cause=envelope)
    causes = {
        outcome.transfer_id: envelope
        for outcome, envelope in zip(outcomes, envelopes, strict=True)
        if isinstance(outcome, ledger.Posted)
    }
    if book.repayments:
        asked = {cast("Asked", envelope.message).command_id: envelope for envelope in envelopes}
        causes |= {repaid: asked[command_id] for repaid, command_id in book.repayments.items()}
    async for moved in giving_way(zip(book.transfers, book.legs, strict=True)):
        for transfer, legs in moved:
            event = funds_moved(book, transfer, legs)
            emit(uow, event, subject=str(transfer.id), sequence=1, cause=causes[transfer.id])
    return replies


async def settle(uow: UnitOfWork, commands: Sequence[LedgerCommand]) -> tuple[Book, list[Outcome]]:
    """Lock what the commands touch, decide, and write the changes. Emits nothing."""
    book, outcomes = await decide(uow, commands)
    await Ledger(uow).save(book)
    return book, outcomes


async def decide(uow: UnitOfWork, commands: Sequence[LedgerCommand]) -> tuple[Book, list[Outcome]]:
    """Lock what the commands touch and decide them; writes nothing."""
    rows = Ledger(uow)
    accounts, hold_ids, command_ids = _touched(commands)
    accounts.update(await rows.accounts_of_holds(hold_ids))
    locked = await rows.lock_for_posting(accounts)
    houses = await _stand_ins(uow, commands, locked)
    left = {*accounts, *houses.values()}.difference(account.id for account in locked)
    last = await rows.lock_last(left) if left else []
    # Kept replies are read after the lock, so that a copy of a command that runs elsewhere is
    # finished; and before the holds, so that the hold of a kept reply is seen, too.
    answered = {answer.command_id: repeated(answer) for answer in await rows.answers(command_ids)}
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


async def _accounts(uow: UnitOfWork, asked: Iterable[Asked]) -> Mapping[AccountKey, UUID]:
    """Find the accounts that messages name by key, opening the missing ones."""
    named = {key for message in asked for key in account_keys(message)}
    wallets = {key for key in named if isinstance(key, WalletKey)}
    found: dict[AccountKey, UUID] = {}
    if wallets:
        opened = await default_wallets(uow, wallets)
        found |= {key: opened[key] for key in wallets}
    if len(wallets) < len(named):
        houses = {key for key in named if isinstance(key, HouseAccount)}
        accounts = await house_accounts(uow, houses)
        found |= {house: accounts[house] for house in houses}
    return found


async def _keep(
    uow: UnitOfWork, book: Book, outcomes: Iterable[Outcome], replies: Iterable[Reply]
) -> None:
    fresh = {
        reply.in_reply_to: reply
        for outcome, reply in zip(outcomes, replies, strict=True)
        if not isinstance(outcome, ledger.Repeated)
    }
    for barrier in book.barriers:
        fresh.setdefault(barrier.command_id, undone(barrier))
    await Ledger(uow).keep_answers([kept(reply) for reply in fresh.values()], book.now)


def emit_movements(uow: UnitOfWork, book: Book) -> None:
    """Emit an event for each transfer of the book."""
    for transfer, legs in zip(book.transfers, book.legs, strict=True):
        emit(uow, funds_moved(book, transfer, legs), subject=str(transfer.id), sequence=1)
