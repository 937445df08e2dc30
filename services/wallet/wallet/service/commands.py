"""Carries out commands of other services, a batch at once, and answers each."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.messaging.messages import Envelope, Reply
from kit.messaging.outbox import emit
from kit.tasks import giving_way, together
from wallet.domain import commands as ledger
from wallet.domain.book import Book
from wallet.domain.commands import CommandOutcome
from wallet.domain.wallets import HouseAccount, WalletKey
from wallet.repository.ledger import Ledger
from wallet.service.postings import decide, funds_moved, house_accounts
from wallet.service.translation import (
    AccountKey,
    WalletCommand,
    account_keys,
    is_told_by_asker,
    kept,
    ledger_command,
    reply_to,
    undone,
)
from wallet.service.wallets import default_wallets


async def post_commands(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Decide commands in order, post what is accepted, and reply to all.

    Replies are emitted before events. A command that was answered before gets the same reply again,
    in a new message. It takes at most ten statements for any number of commands, three more if
    wallets are opened, and one for each provider's account.
    """
    asked = [cast("WalletCommand", envelope.message) for envelope in envelopes]
    found = await _accounts(uow, asked)
    commands = [ledger_command(message, found) for message in asked]
    book, outcomes = await decide(uow, commands)
    # Replies and events are built while PostgreSQL writes what was decided.
    _, replies = await together(Ledger(uow).save(book), _emit_all(uow, envelopes, book, outcomes))
    await _keep(uow, book, outcomes, replies)


async def _emit_all(
    uow: UnitOfWork, envelopes: Sequence[Envelope], book: Book, outcomes: Sequence[CommandOutcome]
) -> list[Reply]:
    """Emit all replies, then an event for each transfer that no asker tells of.

    Returns the replies.
    """
    replies = []
    async for answered in giving_way(zip(envelopes, outcomes, strict=True)):
        for envelope, outcome in answered:
            reply = reply_to(cast("WalletCommand", envelope.message), outcome)
            replies.append(reply)
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
    return replies


async def _accounts(uow: UnitOfWork, asked: Iterable[WalletCommand]) -> Mapping[AccountKey, UUID]:
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
    uow: UnitOfWork, book: Book, outcomes: Iterable[CommandOutcome], replies: Iterable[Reply]
) -> None:
    fresh = {
        reply.in_reply_to: reply
        for outcome, reply in zip(outcomes, replies, strict=True)
        if not isinstance(outcome, ledger.Repeated)
    }
    for barrier in book.barriers:
        fresh.setdefault(barrier.command_id, undone(barrier))
    await Ledger(uow).keep_replies([kept(reply) for reply in fresh.values()], book.now)
