"""Holds the commands of operators: users, keys, and the log."""

from typing import Final

from auth.commands.audit import AUDIT
from auth.commands.keys import KEYS
from auth.commands.users import CREATE_ADMIN, CREATE_USER, REMOVE_FACTORS
from kit.commands import Extra

COMMANDS: Final[dict[str, Extra]] = {
    "audit": AUDIT,
    "create-admin": CREATE_ADMIN,
    "create-user": CREATE_USER,
    "keys": KEYS,
    "remove-factors": REMOVE_FACTORS,
}
