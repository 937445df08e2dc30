"""Translates between the contract's messages and the ledger's own words; pure, decides nothing."""

from collections.abc import Mapping
from uuid import UUID

from contracts import wallet as contract
from kit.ids import new_id
from kit.messaging.messages import Reply
from wallet.domain import commands as ledger
from wallet.domain.book import Barrier, Book, TransferRow
from wallet.domain.commands import LedgerCommand, Outcome, Party
from wallet.domain.hash_chain import Entry
from wallet.domain.wallets import Home, HouseAccount, Wallet
from wallet.repository.ledger import KeptReply

Meant = Home | HouseAccount
Asked = contract.PlaceHold | contract.ReleaseHold | contract.CaptureHold | contract.Transfer

_REPLIES: dict[str, type[Reply]] = {
    reply.type: reply
    for reply in (
        contract.HoldPlaced,
        contract.HoldRefused,
        contract.HoldReleased,
        contract.TransferPosted,
        contract.TransferRefused,
    )
}


def accounts_meant(message: Asked) -> list[Meant]:
    """Return the accounts that a message means without naming them: by owner, or by provider."""
    match message:
        case contract.Transfer():
            refs = [message.payer, message.payee]
        case contract.PlaceHold():
            refs = [message.payer]
        case contract.CaptureHold():
            refs = [message.payee]
        case contract.ReleaseHold():
            return []
    return [_meant(ref, message.currency) for ref in refs if ref.account_id is None]


def _meant(ref: contract.AccountRef, currency: str) -> Meant:
    if ref.provider is None:
        return Home(ref.owner_id, currency)
    return HouseAccount("suspense" if ref.is_suspense else "external", ref.provider, currency)


def ledger_command(message: Asked, found: Mapping[Meant, UUID]) -> LedgerCommand:
    """Translate a message, putting what was `found` in place of accounts that are not named."""
    match message:
        case contract.Transfer(currency=currency):
            return ledger.Transfer(
                message.command_id,
                message.transfer_id,
                _party(message.payer, currency, found),
                _party(message.payee, currency, found),
                message.amount_minor,
                currency,
                message.reference,
                message.kind,
                message.description,
                message.is_owed,
            )
        case contract.CaptureHold(currency=currency):
            return ledger.CaptureHold(
                message.command_id,
                message.hold_id,
                new_id(),
                _party(message.payee, currency, found),
                message.amount_minor,
                currency,
                message.reference,
                message.kind,
                message.description,
                message.release_rest,
            )
        case contract.PlaceHold(currency=currency):
            return ledger.PlaceHold(
                message.command_id,
                message.hold_id,
                _party(message.payer, currency, found),
                message.amount_minor,
                currency,
                message.reference,
            )
        case contract.ReleaseHold():
            return ledger.ReleaseHold(message.command_id, message.hold_id, message.undo_of)


def _party(ref: contract.AccountRef, currency: str, found: Mapping[Meant, UUID]) -> Party:
    if ref.account_id is not None:
        return Party(ref.owner_id, ref.account_id)
    owner_id = ref.owner_id if ref.provider is None else None
    return Party(owner_id, found[_meant(ref, currency)])


def reply_to(asked: Asked, outcome: Outcome) -> Reply:
    """Put an outcome into the words of the contract; hands back the asker's `reply_kind`.

    Also in a kept reply: what is repeated now may name it where the first command did not.
    """
    reply = _reply(asked, outcome)
    if isinstance(asked, contract.Transfer) and asked.reply_kind is not None:
        return reply.model_copy(update={"reply_kind": asked.reply_kind})
    return reply


def _reply(asked: Asked, outcome: Outcome) -> Reply:
    command_id = asked.command_id
    match outcome:
        case ledger.Posted():
            return contract.TransferPosted(in_reply_to=command_id, **outcome._asdict())
        case ledger.Held(hold_id, account_id):
            return contract.HoldPlaced(
                in_reply_to=command_id, hold_id=hold_id, account_id=account_id
            )
        case ledger.Released(hold_id):
            return contract.HoldReleased(in_reply_to=command_id, hold_id=hold_id)
        case ledger.Repeated(reply):
            repeated: Reply = reply
            return repeated
        case ledger.Refused(code):
            return _refusal(asked, code)


def _refusal(asked: Asked, code: str) -> Reply:
    match asked:
        case contract.PlaceHold() | contract.ReleaseHold():
            return contract.HoldRefused(
                in_reply_to=asked.command_id, hold_id=asked.hold_id, code=code
            )
        case contract.Transfer():
            return contract.TransferRefused(
                in_reply_to=asked.command_id, transfer_id=asked.transfer_id, code=code
            )
        case contract.CaptureHold():
            return contract.TransferRefused(
                in_reply_to=asked.command_id, transfer_id=None, code=code
            )


def undone(barrier: Barrier) -> Reply:
    """Return the answer that awaits a command taken back before it came."""
    return contract.HoldRefused(
        in_reply_to=barrier.command_id, hold_id=barrier.hold_id, code=ledger.UNDONE.code
    )


def kept(reply: Reply) -> KeptReply:
    """Return a reply as it is kept for the command's repetitions."""
    return KeptReply(reply.in_reply_to, reply.type, reply)


def repeated(answer: KeptReply) -> ledger.Repeated:
    """Return a kept answer as an outcome."""
    return ledger.Repeated(_REPLIES[answer.reply_type].model_validate(answer.reply))


def funds_moved(book: Book, transfer: TransferRow, legs: tuple[Entry, ...]) -> contract.FundsMoved:
    """Tell one transfer of the book."""
    return contract.FundsMoved(
        transfer_id=transfer.id,
        kind=transfer.kind,
        reference=transfer.reference,
        description=transfer.description,
        currency=transfer.currency,
        entries=tuple(
            contract.EntryPosted(
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


def wallet_opened(wallet: Wallet) -> contract.WalletOpened:
    """Tell that a wallet exists."""
    return contract.WalletOpened(
        account_id=wallet.id,
        number=wallet.number,
        owner_id=wallet.owner_id,
        currency=wallet.currency,
        name=wallet.name,
        is_default=wallet.is_default,
    )
