"""All that is known of a charge's money in one place, and how it stands by that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from payments.domain.card_refunds import CardRefund, CardRefundStatus, Origin
from payments.domain.charges import Charge
from payments.domain.disputes import Dispute
from payments.domain.movements import (
    CHARGEBACK,
    CHARGEBACK_REVERSAL,
    REFUND,
    REFUND_REVERSAL,
)
from payments.domain.payment import FINAL, Payment, Status
from payments.domain.recoveries import Claim, Source, Standing
from payments.domain.refunds import Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A charge with what went back of it, what is disputed of it, and what was moved for that.

    Attributes:
        payment: What it pays; None where it tops a wallet up.
        moved: By claim and whose money it was: integer minor units, to the clearing account.
        booked: The completed refunds of the payment that stand for the provider's, oldest first.
    """

    charge: Charge
    payment: Payment | None
    refunds: Sequence[CardRefund]
    disputes: Sequence[Dispute]
    moved: Mapping[tuple[UUID, Source], int]
    booked: Sequence[Refund] = ()

    @property
    def standing(self) -> Standing:
        """How the charge stands."""
        return Standing(
            came_minor=self.charge.amount_minor if self.charge.has_come else 0,
            got_minor=self._got_minor,
            ours_minor=self._ours_minor,
            gone_minor=sum(
                one.amount_minor for one in self._ours if one.status is CardRefundStatus.DONE
            ),
            returning_minor=sum(
                one.amount_minor
                for one in self._ours
                if one.origin is Origin.RETURN and one.status is not CardRefundStatus.DROPPED
            ),
            pending_minor=sum(
                one.amount_minor for one in self.made_by_provider if one.is_live and not one.is_done
            ),
            is_unwanted=self._is_unwanted,
            claims=self._claims,
        )

    @property
    def is_eventful(self) -> bool:
        """Tell whether there is anything to be decided; of most charges there never is."""
        return bool(self.refunds or self.disputes) or self._is_unwanted

    @property
    def made_by_provider(self) -> list[CardRefund]:
        """The refunds that were made at the provider's own pages."""
        return [one for one in self.refunds if one.origin is Origin.PROVIDER]

    @property
    def vain_returns(self) -> list[UUID]:
        """What was refused on its way back to the card, as it was more than was there."""
        live = sum(one.amount_minor for one in self.refunds if one.is_live)
        left = self.charge.amount_minor - live - sum(one.taken_minor for one in self.disputes)
        return [
            one.id
            for one in self.refunds
            if one.origin is Origin.RETURN
            and one.status is CardRefundStatus.REFUSED
            and one.amount_minor > left
        ]

    @property
    def is_final(self) -> bool:
        """Tell whether what it pays has ended, so that others know of it."""
        return self.payment is not None and self.payment.status in FINAL

    def kind_of(self, claim_id: UUID, minor: int) -> str:
        """Return what a movement for a claim is called."""
        is_dispute = any(one.id == claim_id for one in self.disputes)
        if minor > 0:
            return CHARGEBACK if is_dispute else REFUND
        return CHARGEBACK_REVERSAL if is_dispute else REFUND_REVERSAL

    @property
    def _ours(self) -> list[CardRefund]:
        return [one for one in self.refunds if one.origin is not Origin.PROVIDER]

    @property
    def _got_minor(self) -> int:
        if self.payment is not None:
            return self.payment.paid_minor or 0
        return 0 if self.charge.topped_up_at is None else self.charge.amount_minor

    @property
    def _ours_minor(self) -> int:
        """What refunds take back, but for those that the provider made: these are claims."""
        if self.payment is None:
            return 0
        return self.payment.refunded_minor - sum(one.amount_minor for one in self.booked)

    @property
    def _is_unwanted(self) -> bool:
        if self.payment is not None:
            return self.payment.status in {Status.FAILED, Status.CANCELLED}
        return self.charge.is_called_off

    @property
    def _claims(self) -> list[Claim]:
        taken = [(one.id, one.amount_minor if one.is_done else 0) for one in self.made_by_provider]
        taken += [(one.id, one.taken_minor) for one in self.disputes]
        return [
            Claim(
                id=claim_id,
                taken_minor=minor,
                collected_minor=self.moved.get((claim_id, Source.PAYEE), 0),
                borne_minor=self.moved.get((claim_id, Source.HOUSE), 0),
            )
            for claim_id, minor in taken
        ]
