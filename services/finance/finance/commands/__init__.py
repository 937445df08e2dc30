"""Runs finance's own commands, a module for each."""

from typing import Final

from finance.commands.file_job import FILE_JOB
from finance.commands.reconcile import RECONCILE
from kit.commands import Extra

COMMANDS: Final[dict[str, Extra]] = {"file-job": FILE_JOB, "reconcile": RECONCILE}
