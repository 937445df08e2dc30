"""The local runner: private PostgreSQL, RabbitMQ and Redis, and every service, without Docker.

Uses the standard library alone. `python -m deploy.stack --help` lists its commands; tests use
`Stack`.
"""

from deploy.stack.errors import StackError
from deploy.stack.stack import Stack

__all__ = ["Stack", "StackError"]
