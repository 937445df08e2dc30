"""Defines a charge of a card and its states, and decides the next call about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Any, Final
from uuid import UUID

from payments.domain.cards.disputes import DisputeNews
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.cards.refunds import RefundNews

CHARGE_DEADLINE: Final = timedelta(hours=1)  # as long as the payer may take on the card page
SOONEST: Final = timedelta(seconds=5)
LATEST: Final = timedelta(minutes=5)
REPEATED: Final = "told under a name that is another's"  # the charge's last error then
CALM_ATTEMPTS: Final = 10  # more failures in a row are logged as errors


class ChargeStatus(StrEnum):
    """The states of a charge: ``wanted → pending → succeeded | failed | cancelled``.

    ``succeeded`` is for good; it may also follow a ``failed`` or ``cancelled`` that came first.
    """

    WANTED = "wanted"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Call(Enum):
    """Names the call that the provider needs."""

    CREATE = auto()
    FETCH = auto()
    CANCEL = auto()
    DROP = auto()  # it was never asked for the charge, and need not be
    NOTHING = auto()


class ReturnStatus(StrEnum):
    """``pending → returned | refused``; refused money stays at the provider."""

    PENDING = "pending"
    RETURNED = "returned"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A charge as stored; its id is the key by which the provider creates it once.

    Attributes:
        payment_id: The payment it pays; None where it tops a wallet up.
        owner_id: Whose card: the payer, or the owner of the wallet.
        account_id: The wallet it tops up; None where it pays a payment.
        reference: The provider's id of it, once it is created there.
        settlement: The provider's id of its money, where that differs (Stripe's Payment Intent).
        is_called_off: Nobody wants its money any more; if it comes, it goes back.
        reason: Why it failed, a stable code.
        attempts: Calls since the last news, the one about to be made included.
        last_error: What went wrong with the last call, for people.
        action_url: Where the payer enters the card.
        expires_at: When the payer has taken too long.
        topped_up_at: When the wallet that it tops up got the money.
        receipt: What is on the receipt that the law asks for, see ``domain/cards/receipts.py``.
    """

    id: UUID
    owner_id: UUID
    provider: str
    amount_minor: int
    currency: str
    description: str
    return_url: str
    expires_at: datetime
    payment_id: UUID | None = None
    account_id: UUID | None = None
    status: ChargeStatus = ChargeStatus.WANTED
    is_called_off: bool = False
    reference: str | None = None
    settlement: str | None = None
    action_url: str | None = None
    reason: str | None = None
    attempts: int = 0
    last_error: str | None = None
    topped_up_at: datetime | None = None
    receipt: Mapping[str, Any] | None = None
    return_minor: int = 0
    return_status: ReturnStatus | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the provider has not said yet how it ended."""
        return self.status in {ChargeStatus.WANTED, ChargeStatus.PENDING}

    @property
    def has_come(self) -> bool:
        """Tell whether the money has come."""
        return self.status is ChargeStatus.SUCCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a provider says of a charge; ``status`` is never ``wanted``.

    ``fault`` is why it failed, where the provider was asked and gave more than a status.
    """

    status: ChargeStatus
    reference: str | None = None
    settlement: str | None = None
    action_url: str | None = None
    reason: str | None = None
    fault: ProviderFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderNotice:
    """Holds what a provider's webhook says.

    Attributes:
        event_id: The provider's id of the event; each counts once.
        kind: The provider's name for this kind of event.
        reference: The provider's id of the charge, or of its money.
        charge_id: Our own id of it, where the webhook repeats it.
        news: How the charge stands; None where that is not told, or is only believed once read.
        dispute: What is new of a dispute of it.
        refund: What is new of a refund of it, whoever made it.
        has_refunds: There are refunds of it to be read.
        is_believed: Whether it tells anything by itself; else it is a hint at what to read.
    """

    event_id: str
    kind: str
    reference: str | None
    charge_id: UUID | None = None
    news: News | None = None
    dispute: DisputeNews | None = None
    refund: RefundNews | None = None
    has_refunds: bool = False
    is_believed: bool = True

    def is_about(self, charge: Charge) -> bool:
        """Tell whether the provider's id fits the charge, where both sides know one."""
        names = {charge.reference, charge.settlement}
        return charge.reference is None or self.reference is None or self.reference in names


def next_call(charge: Charge, now: datetime) -> Call:
    """Decide what the provider is to be asked about a charge.

    A charge that was asked for and not answered is created again under the same key, even where it
    is called off: only that tells whether the provider has it.
    """
    if not charge.is_open:
        return Call.NOTHING
    if charge.status is ChargeStatus.WANTED:
        never_asked = charge.is_called_off and charge.attempts <= 1
        return Call.DROP if never_asked else Call.CREATE
    return Call.CANCEL if charge.is_called_off or now >= charge.expires_at else Call.FETCH


def pause(attempts: int) -> timedelta:
    """Return how long to wait before the provider is asked again."""
    doublings: int = 2 ** min(attempts, 10)
    return min(LATEST, SOONEST * doublings)
