"""What is heeded when payments are paid."""

from dataclasses import dataclass

from payments.domain.limits import LimitPolicy
from payments.domain.outside_checks import CheckPolicy


@dataclass(frozen=True, slots=True)
class Policies:
    """Which payments are checked outside, and how much may be paid."""

    checks: CheckPolicy
    limits: LimitPolicy
