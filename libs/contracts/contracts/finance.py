"""Defines finance's command to itself, and the events that it tells.

The subject of an event is the file's job, or the budget; ``user_id`` is whose it is. Amounts are
integer minor units of an ISO 4217 currency.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.wallet import MessageCurrency
from kit.messaging.messages import Command, Event


class RunFileJob(Command):
    """Work on a file that a user has ordered or handed in; not answered."""

    type: ClassVar[str] = "finance.run_file_job.v1"

    job_id: UUID


class ExportReady(Event):
    """A file that a user has ordered can be fetched until it expires."""

    type: ClassVar[str] = "finance.export_ready.v1"

    export_id: UUID
    user_id: UUID
    format: str
    rows: int
    is_mailed: bool


class ExportFailed(Event):
    """A file that a user has ordered could not be made; ``code`` says why."""

    type: ClassVar[str] = "finance.export_failed.v1"

    export_id: UUID
    user_id: UUID
    format: str
    code: str
    is_mailed: bool


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
