"""Owns what is refused without a step-up, and which amounts are spared it.

Does not know who calls: `kit.web.step_up` reads that from the access token.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from kit.money import Money
from kit.refusals import Refusal


class StepUpRequired(Refusal):
    """Asks for a newer or stronger login (RFC 9470).

    Not its 401: the token is good, and clients that refresh at each 401 would do so for ever.
    """

    code = "step_up_required"
    status = 403
    title_en = "Confirm it is you"
    title_ru = "Подтвердите, что это вы"
    detail_en = "Confirm at POST /v1/auth/step-up: a login may be {max_age_seconds} s old for this."
    detail_ru = "Подтвердите вход в POST /v1/auth/step-up: не более {max_age_seconds} с назад."
    samples: ClassVar[Mapping[str, object]] = {"max_age_seconds": 900}

    def __init__(self, *, max_age_seconds: int, needs_factor: bool) -> None:
        """Say how old a login may be, and whether it lacks a second factor (`acr_values`)."""
        challenge = f'Bearer error="insufficient_user_authentication", max_age="{max_age_seconds}"'
        if needs_factor:
            challenge += ', acr_values="mfa"'
        super().__init__(headers={"WWW-Authenticate": challenge}, max_age_seconds=max_age_seconds)
        if needs_factor:
            self.detail_en += " A second factor is needed."
            self.detail_ru += " Нужен второй фактор."


@dataclass(frozen=True, slots=True)
class WithoutStepUp:
    """What a caller may spend by one word without proving anew who they are.

    `limits` are minor units by currency, of the caller's own choice; any amount of a currency that
    is not among them is spared. `refusal` is what more gets.
    """

    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    refusal: StepUpRequired | None = None

    def require(self, *amounts: Money) -> None:
        """Refuse what is above a limit, together in each currency.

        Raises:
            StepUpRequired: the caller has to step up for so much.
        """
        if self.refusal is None:
            return
        sums: Counter[str] = Counter()
        for one in amounts:
            sums[one.currency] += one.minor
        if any(sums[currency] > limit for currency, limit in self.limits.items()):
            raise self.refusal


ANY_AMOUNT: Final = WithoutStepUp()
