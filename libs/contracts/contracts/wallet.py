"""Defines wallet's commands, replies, events, and a refusal that auth hands on.

Amounts are integer minor units of an ISO 4217 currency; times are aware and UTC.
"""

from typing import Annotated, ClassVar, Final
from uuid import UUID

from msgspec import Meta

from kit.messaging.messages import Command, Event, Reply, Timestamp, WireStruct
from kit.money import MAX_MINOR
from kit.refusals import Refusal

Amount = Annotated[int, Meta(gt=0, le=MAX_MINOR)]
MessageCurrency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", max_length=3)]
PurposeText = Annotated[str, Meta(max_length=100)]
HOUSE: Final = UUID(int=0)  # nobody: the owner of the accounts that stand for providers
SHOP: Final = UUID(int=1)  # whom the income of the shop belongs to
MERCHANTS: Final = frozenset({SHOP})  # no users: each has a merchant account in every currency


class AccountRef(WireStruct):
    """Names one side of a movement: the owner, and the account.

    Without ``account_id`` it is the owner's default wallet of the command's currency, opened on
    first need; a merchant's is its merchant account. With it, the account must belong to
    ``owner_id``.

    With ``provider`` (and ``owner_id`` HOUSE) it is the account that stands for this provider in
    the command's currency, opened on first need: the clearing account that its money comes from, or
    with ``is_suspense`` the one for money whose owner can't be found, or can't pay it back.
    """

    owner_id: UUID
    account_id: UUID | None = None
    provider: str | None = None
    is_suspense: bool = False


# Commands


class PlaceHold(Command):
    """Hold an amount of the payer's. Answered by HoldPlaced or HoldRefused."""

    type: ClassVar[str] = "wallet.place_hold.v1"

    hold_id: UUID
    payer: AccountRef
    amount_minor: Amount
    currency: MessageCurrency
    reference: str

    @property
    def partition_key(self) -> UUID:
        """The payer: what moves one's money waits in one queue."""
        return self.payer.owner_id


class CaptureHold(Command):
    """Move held money to the payee. Answered by TransferPosted or TransferRefused.

    With ``release_rest`` what is left of the hold is given back in the same posting, and the hold
    is closed. A frozen wallet still gives what was held. A refusal means that the hold is not there
    to be captured (unknown, closed, or smaller): the asker's mistake, never a matter of funds.
    ``purpose`` and ``is_told_by_asker`` as in Transfer.
    """

    type: ClassVar[str] = "wallet.capture_hold.v1"

    hold_id: UUID
    payee: AccountRef
    amount_minor: Amount
    currency: MessageCurrency
    reference: str
    kind: str = "payment"
    description: str | None = None
    release_rest: bool = False
    purpose: PurposeText | None = None
    is_told_by_asker: bool = False


class ReleaseHold(Command):
    """Release what is left of a hold. Answered by HoldReleased or HoldRefused.

    ``undo_of`` is the ``command_id`` of the PlaceHold taken back. Where that one has not come yet,
    it is answered ``undone`` when it does, and holds nothing. A hold that was captured in full
    can't be released: HoldRefused with ``hold_captured``.
    """

    type: ClassVar[str] = "wallet.release_hold.v1"

    hold_id: UUID
    undo_of: UUID


class Transfer(Command):
    """Move money at once. Answered by TransferPosted or TransferRefused.

    ``transfer_id`` is chosen by the asker; another command with the same one is a fault of the
    asker's and ends among the dead letters. ``reply_kind`` is a word of the asker's, which comes
    back unread in the answer, so that it finds who waits for it; ``kind`` is the ledger's.

    With ``is_owed`` the payer owes what they can't cover, for money that is gone already (a
    chargeback, a refund that the provider has made): a frozen payer pays too, what is available
    is taken, the payee gets the whole amount, and the rest is a debt that later credits pay off
    first (transfers of the kind ``debt_repayment``). It is never refused for want of funds.

    ``purpose`` is what the money is for, a word of the asker's that the ledger keeps unread:
    ``service:`` and an id where a paid service was paid.

    With ``is_told_by_asker`` the asker tells of the movement in an event of its own, by what the
    answer says of its entries; there is no FundsMoved of it then.
    """

    type: ClassVar[str] = "wallet.transfer.v1"

    transfer_id: UUID
    payer: AccountRef
    payee: AccountRef
    amount_minor: Amount
    currency: MessageCurrency
    reference: str
    kind: str = "payment"
    description: str | None = None
    is_owed: bool = False
    reply_kind: str | None = None
    purpose: PurposeText | None = None
    is_told_by_asker: bool = False

    @property
    def partition_key(self) -> UUID:
        """The payer: what moves one's money waits in one queue."""
        return self.payer.owner_id


# Replies


class EntryMark(WireStruct):
    """Names an entry of an account by its number, with the balance after it."""

    seq: int
    balance_after_minor: int


class HoldPlaced(Reply):
    """The amount is held on ``account_id``."""

    type: ClassVar[str] = "wallet.hold_placed.v1"

    hold_id: UUID
    account_id: UUID


class HoldRefused(Reply):
    """A hold was not placed or not released; ``code`` says why.

    Codes: ``insufficient_funds``, ``wallet_frozen``, ``wallet_not_found``, ``currency_mismatch``,
    ``undone``; to a ReleaseHold ``hold_captured``.
    """

    type: ClassVar[str] = "wallet.hold_refused.v1"

    hold_id: UUID
    code: str


class HoldReleased(Reply):
    """Nothing is held any more under ``hold_id``, and nothing will be."""

    type: ClassVar[str] = "wallet.hold_released.v1"

    hold_id: UUID


class TransferPosted(Reply):
    """The money has moved; ``posted_at`` is the ledger's time of it.

    Of a Transfer with ``is_owed`` the payer could not cover ``owed_minor``, and owes it now. The
    payee's account is a suspense account where the wallet meant is its deleted owner's.
    ``reply_kind`` is the Transfer's. Where the asker tells of the movement, it has the entries of
    the accounts that are somebody's.
    """

    type: ClassVar[str] = "wallet.transfer_posted.v1"

    transfer_id: UUID
    posted_at: Timestamp
    payer_account_id: UUID
    payee_account_id: UUID
    owed_minor: Annotated[int, Meta(ge=0)] = 0
    reply_kind: str | None = None
    payer_entry: EntryMark | None = None
    payee_entry: EntryMark | None = None


class TransferRefused(Reply):
    """No money has moved; ``code`` says why.

    ``transfer_id`` is the one asked for; None to a CaptureHold, which names none. Codes:
    ``insufficient_funds``, ``wallet_frozen``, ``wallet_not_found``, ``currency_mismatch``,
    ``same_account``, ``balance_limit``; to a CaptureHold also ``hold_not_found``,
    ``hold_closed``, ``hold_exceeded``. ``reply_kind`` is the Transfer's.
    """

    type: ClassVar[str] = "wallet.transfer_refused.v1"

    transfer_id: UUID | None
    code: str
    reply_kind: str | None = None


# Events


class WalletOpened(Event):
    """A wallet was opened. Its account's id is the subject.

    ``number`` is for people and banks.
    """

    type: ClassVar[str] = "wallet.wallet_opened.v1"

    account_id: UUID
    number: int
    owner_id: UUID
    currency: str
    name: str
    is_default: bool


class EntryPosted(WireStruct):
    """One side of a transfer on one account.

    ``seq`` counts the account's entries from 1 without a gap, so a listener can tell what it has
    seen. ``amount_minor`` is negative where money left. ``owner_id`` is None on the system's own
    accounts.
    """

    account_id: UUID
    owner_id: UUID | None
    seq: int
    amount_minor: int
    balance_after_minor: int


class PostedTransfer(WireStruct):
    """Says what a posted transfer has moved."""

    transfer_id: UUID
    kind: str
    reference: str
    description: str | None
    currency: str
    entries: tuple[EntryPosted, ...]
    posted_at: Timestamp


class FundsMoved(Event, PostedTransfer):
    """A transfer was posted of which its asker does not tell. Its id is the subject.

    The entries add up to zero. There are two of them, or three where the payer came to owe a part:
    what was taken from the payer, what the house lends (``owner_id`` None), what the payee gets.
    """

    type: ClassVar[str] = "wallet.funds_moved.v1"


class WalletNotEmpty(Refusal):
    """An owner can't be closed: `errors` has one fault for each amount of each wallet."""

    code = "wallet_not_empty"
    status = 409
    title_en = "Wallets not empty"
    title_ru = "Кошельки не пусты"
    detail_en = "There is still money in wallets, set aside, or owed. “errors” names each amount."
    detail_ru = "В кошельках есть деньги, резервы или долги. Каждая сумма названа в «errors»."
