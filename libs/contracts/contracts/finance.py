"""Defines finance's messages: what its users are told of their budgets.

Amounts are integer minor units of an ISO 4217 currency.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.wallet import MessageCurrency
from kit.messaging.messages import Event


class BudgetReached(Event):
    """What was spent of a budget has reached a threshold; told once a month for each.

    Attributes:
        budget_id: the aggregate; also the event's subject.
        category: what the user calls it.
        month: its first day.
        threshold: in per cent of what there was to spend: 80 or 100.
        used_minor: spent in the month so far.
        available_minor: the budget with what was carried over; below zero where more than all of it
            was overspent before.
    """

    type: ClassVar[str] = "finance.budget_reached.v1"

    budget_id: UUID
    user_id: UUID
    category_id: UUID
    category: str
    month: date
    threshold: int
    used_minor: int
    available_minor: int
    currency: MessageCurrency
