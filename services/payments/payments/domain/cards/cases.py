"""Gathers all that is known of a charge's money, and derives how it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from payments.domain.cards.charges import Charge
from payments.domain.cards.disputes import Dispute
from payments.domain.cards.movements import CHARGEBACK, CHARGEBACK_REVERSAL, REFUND, REFUND_REVERSAL
from payments.domain.cards.recoveries import ChargeStanding, Claim, Source
from payments.domain.cards.refunds import CardRefund, CardRefundOrigin, CardRefundStatus
from payments.domain.payment import FINAL, Payment, PaymentStatus
from payments.domain.refunds import Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A charge with its refunds, its disputes, and what was moved for them.

    Attributes:
        payment: What it pays; None where it tops a wallet up.
        moved: By claim and source: integer minor units, to the clearing account.
        booked: The completed refunds that book those made at the provider, oldest first.
    """

    charge: Charge
    payment: Payment | None
    refunds: Sequence[CardRefund]
    disputes: Sequence[Dispute]
    moved: Mapping[tuple[UUID, Source], int]
    booked: Sequence[Refund] = ()

    @property
    def standing(self) -> ChargeStanding:
        """Return what came, was given back and is claimed."""
        return ChargeStanding(
            came_minor=self.charge.amount_minor if self.charge.has_come else 0,
            got_minor=self._got_minor,
            ours_minor=self._ours_minor,
            gone_minor=sum(
                one.amount_minor for one in self._ours if one.status is CardRefundStatus.DONE
            ),
            returning_minor=sum(
                one.amount_minor
                for one in self._ours
                if one.origin is CardRefundOrigin.RETURN
                and one.status is not CardRefundStatus.DROPPED
            ),
            pending_minor=sum(
                one.amount_minor for one in self.made_by_provider if one.is_live and not one.is_done
            ),
            is_unwanted=self._is_unwanted,
            claims=self._claims,
        )

    @property
    def is_eventful(self) -> bool:
        """Tell whether anything has to be decided; for most charges nothing has."""
        return bool(self.refunds or self.disputes) or self._is_unwanted

    @property
    def made_by_provider(self) -> list[CardRefund]:
        """The refunds that were made at the provider's own pages."""
        return [one for one in self.refunds if one.origin is CardRefundOrigin.PROVIDER]

    @property
    def vain_returns(self) -> list[UUID]:
        """Return the refused returns that the provider no longer held enough for."""
        live = sum(one.amount_minor for one in self.refunds if one.is_live)
        left = self.charge.amount_minor - live - sum(one.taken_minor for one in self.disputes)
        return [
            one.id
            for one in self.refunds
            if one.origin is CardRefundOrigin.RETURN
            and one.status is CardRefundStatus.REFUSED
            and one.amount_minor > left
        ]

    @property
    def is_final(self) -> bool:
        """Tell whether its payment has ended, so that others were told of its end."""
        return self.payment is not None and self.payment.status in FINAL

    def kind_of(self, claim_id: UUID, minor: int) -> str:
        """Return the kind of a movement for a claim; below zero it is a reversal.

        ``minor`` is its sum in minor units.
        """
        is_dispute = any(one.id == claim_id for one in self.disputes)
        if minor > 0:
            return CHARGEBACK if is_dispute else REFUND
        return CHARGEBACK_REVERSAL if is_dispute else REFUND_REVERSAL

    @property
    def _ours(self) -> list[CardRefund]:
        return [one for one in self.refunds if one.origin is not CardRefundOrigin.PROVIDER]

    @property
    def _got_minor(self) -> int:
        if self.payment is not None:
            return self.payment.paid_minor or 0
        return 0 if self.charge.topped_up_at is None else self.charge.amount_minor

    @property
    def _ours_minor(self) -> int:
        """What refunds take back, without those made at the provider: these are claims."""
        if self.payment is None:
            return 0
        return self.payment.refunded_minor - sum(one.amount_minor for one in self.booked)

    @property
    def _is_unwanted(self) -> bool:
        if self.payment is not None:
            return self.payment.status in {PaymentStatus.FAILED, PaymentStatus.CANCELLED}
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
