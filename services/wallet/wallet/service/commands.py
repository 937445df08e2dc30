"""Carries out commands of other services, a batch at once, and answers each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.messaging.messages import Envelope, Reply
from kit.messaging.outbox import emit
from kit.tasks import GIVES_WAY_AFTER, giving_way, together
from wallet.domain import commands as ledger
from wallet.domain.book import Book
from wallet.domain.commands import CommandOutcome
from wallet.domain.wallets import HouseAccount, WalletKey
from wallet.repository.ledger import KeptReply, Ledger, Locked
from wallet.service.postings import decide, funds_moved, house_accounts
from wallet.service.translation import (
    AccountKey,
    WalletCommand,
    is_told_by_asker,
    kept,
    ledger_command,
    mentioned_in,
    reply_to,
    undone,
)
from wallet.service.wallets import default_wallets


async def post_commands(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Decide commands in order, post what is accepted, and reply to all.

    Replies are emitted before events. A command that was answered before gets the same reply again,
    in a new message. With what waits for COMMIT it takes at most four statements for any number of
    commands, one more where a transfer is repeated, four from a hundred transfers on, four if
    wallets are opened, and some for providers' accounts.
    """
    asked = [cast("WalletCommand", envelope.message) for envelope in envelopes]
    found, locked = await _accounts(uow, asked)
    commands = [ledger_command(message, found) for message in asked]
    book, outcomes = await decide(uow, commands, locked)
    replies = [reply_to(*answered) for answered in zip(asked, outcomes, strict=True)]
    to_keep = _to_keep(book, outcomes, replies)
    if len(envelopes) > GIVES_WAY_AFTER:
        # From a hundred transfers on, replies and events are encoded while PostgreSQL writes.
        emitting = _emit_all(uow, envelopes, book, outcomes, replies)
        await together(Ledger(uow).save(book, to_keep), emitting)
    else:  # so few are written by one statement with their replies
        await _emit_all(uow, envelopes, book, outcomes, replies)
        await Ledger(uow).save(book, to_keep)


async def _emit_all(
    uow: UnitOfWork,
    envelopes: Sequence[Envelope],
    book: Book,
    outcomes: Sequence[CommandOutcome],
    replies: Sequence[Reply],
) -> None:
    """Emit all replies, then an event for each transfer that no asker tells of."""
    async for answered in giving_way(zip(envelopes, replies, strict=True)):
        for envelope, reply in answered:
            if envelope.reply_to is not None:
                emit(uow, reply, subject=envelope.subject, to=envelope.reply_to, cause=envelope)
    causes: dict[UUID, Envelope | None] = {}  # None: its asker tells
    for outcome, envelope in zip(outcomes, envelopes, strict=True):
        if isinstance(outcome, ledger.Posted):
            is_told = is_told_by_asker(cast("WalletCommand", envelope.message))
            # Of copies the first decides: the asker goes by the first answer.
            causes.setdefault(outcome.transfer_id, None if is_told else envelope)
    if book.repayments:
        asked = {
            cast("WalletCommand", envelope.message).command_id: envelope for envelope in envelopes
        }
        causes |= {repaid: asked[command_id] for repaid, command_id in book.repayments.items()}
    async for moved in giving_way(zip(book.transfers, book.legs, strict=True)):
        for transfer, legs in moved:
            cause = causes[transfer.id]
            if cause is not None:
                event = funds_moved(book, transfer, legs)
                emit(uow, event, subject=str(transfer.id), sequence=1, cause=cause)


async def _accounts(
    uow: UnitOfWork, asked: Iterable[WalletCommand]
) -> tuple[Mapping[AccountKey, UUID], Locked | None]:
    """Find the accounts that messages name by key, opening the missing ones.

    Returns also all that are named, locked, if none was to be opened and none is a provider's.
    """
    named = mentioned_in(asked)
    wallets = {key for key in named.keys if isinstance(key, WalletKey)}
    found: dict[AccountKey, UUID] = {}
    if len(wallets) == len(named.keys):
        locked = await Ledger(uow).lock_for_posting(
            named.account_ids, named.hold_ids, named.command_ids, wallets
        )
        if locked.defaults.keys() >= wallets:
            found |= {key: locked.defaults[key] for key in wallets}
            return found, locked
    if wallets:
        opened = await default_wallets(uow, wallets)
        found |= {key: opened[key] for key in wallets}
    if len(wallets) < len(named.keys):
        houses = {key for key in named.keys if isinstance(key, HouseAccount)}
        accounts = await house_accounts(uow, houses)
        found |= {house: accounts[house] for house in houses}
    return found, None


def _to_keep(
    book: Book, outcomes: Iterable[CommandOutcome], replies: Iterable[Reply]
) -> list[KeptReply]:
    fresh = {
        reply.in_reply_to: reply
        for outcome, reply in zip(outcomes, replies, strict=True)
        if not isinstance(outcome, ledger.Repeated)
    }
    for barrier in book.barriers:
        fresh.setdefault(barrier.command_id, undone(barrier))
    return [kept(reply) for reply in fresh.values()]
