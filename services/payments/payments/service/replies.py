"""Routes the wallet's replies to whoever asked: a saga, or a verb of cards."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from contracts.wallet import TransferPosted, TransferRefused
from kit.db import UnitOfWork
from kit.ids import derived_id
from kit.messaging.messages import Envelope
from payments.service.cards.charges import TOP_UP, topped_up
from payments.service.cards.movements import MOVEMENT, answered

WalletReply = TransferPosted | TransferRefused

_DERIVED: Final = 5  # the version of ids that `derived_id` makes
_VERBS: Final[Mapping[str, Callable[[UnitOfWork, UUID, WalletReply], Awaitable[None]]]] = {
    MOVEMENT: answered,
    TOP_UP: topped_up,
}


class CardReply(NamedTuple):
    """The wallet's answer to a top-up or a movement: its kind, who asked, the answer."""

    kind: str
    asker_id: UUID
    answer: WalletReply


def by_asker(envelopes: Iterable[Envelope]) -> tuple[list[Envelope], list[CardReply]]:
    """Split replies by who asked: sagas, which name no kind, or cards."""
    of_sagas, of_cards = [], []
    for envelope in envelopes:
        answer = envelope.message
        if not isinstance(answer, WalletReply):  # only sagas hold money
            of_sagas.append(envelope)
            continue
        kind = answer.reply_kind or _kind_before_kinds(envelope.subject, answer.transfer_id)
        if kind is None:
            of_sagas.append(envelope)
        else:
            asker_id = UUID(envelope.subject.rpartition(":")[2])
            of_cards.append(CardReply(kind, asker_id, answer))
    return of_sagas, of_cards


def _kind_before_kinds(subject: str, transfer_id: UUID | None) -> str | None:
    """Return the kind of a reply from the time before replies named their kind.

    Commands of that time have the kind in their subject, before a colon, and may be answered long
    after: out of a queue, an outbox or a letter. A wallet of that time answers today's commands
    without a kind too; then the transfer's id tells. A saga's is drawn at random, a movement's is
    the movement's own id or derived from it, a top-up's is derived. All this is needed until no
    installation from before the first version is left to upgrade.
    """
    word, colon, _ = subject.partition(":")
    if colon:
        return TOP_UP if word == TOP_UP else MOVEMENT  # the first movements said `chargeback`
    if str(transfer_id) == subject:
        return MOVEMENT
    if transfer_id is None or transfer_id.version != _DERIVED:
        return None
    return TOP_UP if transfer_id == derived_id(subject, TOP_UP) else MOVEMENT


async def take(uow: UnitOfWork, replies: Iterable[CardReply]) -> None:
    """Pass each reply to its verb, in the order of ids, as everybody locks charges."""
    for kind, asker_id, answer in sorted(replies, key=lambda reply: reply[:2]):
        await _VERBS[kind](uow, asker_id, answer)
