"""Turns contract messages into ledger commands, and outcomes into replies; pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from msgspec import convert
from msgspec.structs import replace

from contracts import wallet as contract
from kit.ids import new_id
from kit.messaging.messages import Reply
from wallet.domain import commands as ledger
from wallet.domain.book import Barrier
from wallet.domain.commands import CommandOutcome, LedgerCommand, Party
from wallet.domain.wallets import HouseAccount, WalletKey
from wallet.repository.ledger import KeptPosting, KeptReply

AccountKey = WalletKey | HouseAccount
WalletCommand = contract.PlaceHold | contract.ReleaseHold | contract.CaptureHold | contract.Transfer

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


class Mentioned(NamedTuple):
    """What messages name: accounts by id or by key, holds, and commands."""

    account_ids: set[UUID]
    keys: set[AccountKey]
    hold_ids: set[UUID]
    command_ids: set[UUID]


def mentioned_in(messages: Iterable[WalletCommand]) -> Mentioned:
    """Return what messages name."""
    named = Mentioned(set(), set(), set(), set())
    for message in messages:
        named.command_ids.add(message.command_id)
        match message:
            case contract.Transfer():
                _add(named, message.currency, message.payer, message.payee)
            case contract.PlaceHold():
                _add(named, message.currency, message.payer)
            case contract.CaptureHold():
                _add(named, message.currency, message.payee)
                named.hold_ids.add(message.hold_id)
            case contract.ReleaseHold():
                named.hold_ids.add(message.hold_id)
                named.command_ids.add(message.undo_of)
    return named


def _add(named: Mentioned, currency: str, *refs: contract.AccountRef) -> None:
    for ref in refs:
        if ref.account_id is not None:
            named.account_ids.add(ref.account_id)
        else:
            named.keys.add(_account_key(ref, currency))


def _account_key(ref: contract.AccountRef, currency: str) -> AccountKey:
    if ref.provider is None:
        return WalletKey(ref.owner_id, currency)
    return HouseAccount("suspense" if ref.is_suspense else "external", ref.provider, currency)


def ledger_command(message: WalletCommand, found: Mapping[AccountKey, UUID]) -> LedgerCommand:
    """Translate a message; `found` has the accounts that it names by key."""
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
                purpose=message.purpose,
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
                message.purpose,
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


def _party(ref: contract.AccountRef, currency: str, found: Mapping[AccountKey, UUID]) -> Party:
    if ref.account_id is not None:
        return Party(ref.owner_id, ref.account_id)
    owner_id = ref.owner_id if ref.provider is None else None
    return Party(owner_id, found[_account_key(ref, currency)])


def reply_to(asked: WalletCommand, outcome: CommandOutcome) -> Reply:
    """Translate an outcome to a reply, with the asker's `reply_kind`.

    A kept reply gets it too: a repeated command may name it where the first did not.
    """
    reply = _reply(asked, outcome)
    if isinstance(asked, contract.Transfer) and asked.reply_kind is not None:
        return replace(reply, reply_kind=asked.reply_kind)
    return reply


def _reply(asked: WalletCommand, outcome: CommandOutcome) -> Reply:
    command_id = asked.command_id
    match outcome:
        case ledger.Posted():
            return _posted(command_id, outcome, is_told=is_told_by_asker(asked))
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


def is_told_by_asker(asked: WalletCommand) -> bool:
    """Tell whether the asker tells of the movement."""
    return isinstance(asked, contract.Transfer | contract.CaptureHold) and asked.is_told_by_asker


def _posted(command_id: UUID, posted: ledger.Posted, *, is_told: bool) -> Reply:
    return contract.TransferPosted(
        in_reply_to=command_id,
        transfer_id=posted.transfer_id,
        posted_at=posted.posted_at,
        payer_account_id=posted.payer_account_id,
        payee_account_id=posted.payee_account_id,
        owed_minor=posted.owed_minor,
        payer_entry=_entry_mark(posted.payer_entry) if is_told else None,
        payee_entry=_entry_mark(posted.payee_entry) if is_told else None,
    )


def _entry_mark(mark: ledger.Mark | None) -> contract.EntryMark | None:
    return mark and contract.EntryMark(seq=mark.seq, balance_after_minor=mark.balance_after_minor)


def _refusal(asked: WalletCommand, code: str) -> Reply:
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
    """Return the reply to a command that was undone before it came."""
    return contract.HoldRefused(
        in_reply_to=barrier.command_id, hold_id=barrier.hold_id, code=ledger.UNDONE.code
    )


def kept(reply: Reply) -> KeptReply:
    """Return a reply in the form in which it is kept."""
    if isinstance(reply, contract.TransferPosted):
        payer, payee = _number(reply.payer_entry), _number(reply.payee_entry)
        return KeptReply(reply.in_reply_to, None, None, reply.transfer_id, payer, payee)
    return KeptReply(reply.in_reply_to, reply.type, reply)


def _number(mark: contract.EntryMark | None) -> int | None:
    return None if mark is None else mark.seq


def repeated(kept_reply: KeptReply | KeptPosting) -> ledger.Repeated:
    """Return a kept reply as an outcome."""
    if isinstance(kept_reply, KeptPosting):
        return ledger.Repeated(_posted(*kept_reply, is_told=True))
    assert kept_reply.reply_type is not None  # noqa: S101 - no transfer's
    return ledger.Repeated(convert(kept_reply.reply, _REPLIES[kept_reply.reply_type]))
