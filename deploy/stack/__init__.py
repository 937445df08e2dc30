"""Runs a whole stack on this machine, without Docker.

Private servers and every service, by the standard library alone; why none of the process
runners that others keep does it stands in deploy/DECISIONS.md. `python -m deploy.stack --help`
lists its commands; tests use `Stack`.
"""

from deploy.stack.errors import StackError
from deploy.stack.stack import Stack

__all__ = ["Stack", "StackError"]
