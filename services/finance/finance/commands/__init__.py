"""Holds what finance does at the command line, beside what every service does."""

from typing import Final

from finance.commands import file_job, reconcile
from kit.commands import Extra

COMMANDS: Final[dict[str, Extra]] = {"file-job": file_job.COMMAND, "reconcile": reconcile.COMMAND}
