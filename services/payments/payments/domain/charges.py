"""What a charge of a card is, which states it can be in, and what is to be done about it next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Any, Final
from uuid import UUID

from payments.domain.card_refunds import RefundNews
from payments.domain.disputes import DisputeNews
from payments.domain.provider_faults import ProviderFault

CHARGE_DEADLINE: Final = timedelta(hours=1)  # as long as the payer may take on the card page
SOONEST: Final = timedelta(seconds=5)
LATEST: Final = timedelta(minutes=5)
REPEATED: Final = "told under a name that is another's"  # what a charge's last error says then
CALM_ATTEMPTS: Final = 10  # more failures in a row than these call for somebody


class ChargeStatus(StrEnum):
    """``wanted → pending → succeeded | failed | cancelled``.

    ``succeeded`` is for good; it may also follow a ``failed`` or ``cancelled`` that came first.
    """

    WANTED = "wanted"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Call(Enum):
    """What the provider is to be asked."""

    CREATE = auto()
    FETCH = auto()
    CANCEL = auto()
    DROP = auto()  # it never heard of the charge, and need not
    NOTHING = auto()


class ReturnStatus(StrEnum):
    """``pending → returned | refused``: refused money lies at the provider."""

    PENDING = "pending"
    RETURNED = "returned"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A charge as stored. Its id is also the key under which the provider creates it once.

    Attributes:
        payment_id: The payment it pays; None where it tops a wallet up.
        owner_id: Whose card: the payer, or the owner of the wallet.
        account_id: The wallet it tops up; None where it pays a payment.
        reference: What the provider calls it, once it is created there.
        settlement: What the provider calls the money, where that has another name.
        is_called_off: Nobody wants its money any more; should it come, it goes back.
        reason: Why it failed, a stable code.
        attempts: Calls since the last news, the one about to be made included.
        last_error: What went wrong with the last call, for people.
        action_url: Where the payer enters the card.
        expires_at: When the payer has taken too long.
        topped_up_at: When the wallet that it tops up had it.
        receipt: What is on the receipt that the law asks for, see ``domain/receipts.py``.
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
    """What a provider says of a charge; ``status`` never ``wanted``.

    ``fault`` is why it came to nothing, where the provider was asked and said more than that.
    """

    status: ChargeStatus
    reference: str | None = None
    settlement: str | None = None
    action_url: str | None = None
    reason: str | None = None
    fault: ProviderFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a webhook tells.

    Attributes:
        event_id: The provider's id of the event; each counts once.
        kind: What the provider calls it.
        reference: What the provider calls the charge, or its money.
        charge_id: Our own id of it, where the webhook repeats it.
        news: What has become of the charge; None where that is not told, or not believed unread.
        dispute: What has become of a dispute of it.
        refund: What has become of a refund of it, whoever made it.
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
        """Tell whether its name for the charge is that charge's, as far as both are known."""
        names = {charge.reference, charge.settlement}
        return charge.reference is None or self.reference is None or self.reference in names


def next_call(charge: Charge, now: datetime) -> Call:
    """Decide what the provider is to be asked about a charge.

    One that was asked for and not answered is created again under the same key, even where it is
    called off: only so is it known whether the provider has it.
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
