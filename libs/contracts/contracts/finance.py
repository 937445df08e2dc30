"""Defines finance's command to itself, and the events that it tells.

The subject of an event is the file's job; ``user_id`` is whose file it is.
"""

from typing import ClassVar
from uuid import UUID

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
