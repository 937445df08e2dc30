"""Makes users at the command line, and takes factors from who has lost them.

All is safe to repeat: an existing user is enabled and given the roles, and keeps the password.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import Final

from auth.crypto.hashing import PasswordHasher
from auth.domain import names, passwords
from auth.domain.users import ORDINARY, Role, UserStatus
from auth.repository import NewUser
from auth.service.users import ensure, remove_factors
from auth.settings import Settings
from kit.commands import Extra
from kit.db import Database
from kit.ids import new_id
from kit.refusals import Refusal


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--username", required=True)
    parser.add_argument("--email")
    parser.add_argument("--full-name")
    password = parser.add_mutually_exclusive_group(required=True)
    password.add_argument("--password-env", metavar="NAME", help="variable with the password")
    password.add_argument("--password-stdin", action="store_true", help="first line of the input")


def _user_arguments(parser: argparse.ArgumentParser) -> None:
    _arguments(parser)
    parser.add_argument("--active", action="store_true", help="without an activation link")


async def _create_admin(settings: Settings, parsed: argparse.Namespace) -> None:
    await _create(settings, parsed, UserStatus.ACTIVE, ORDINARY | {Role.ADMIN})


async def _create_user(settings: Settings, parsed: argparse.Namespace) -> None:
    await _create(
        settings, parsed, UserStatus.ACTIVE if parsed.active else UserStatus.PENDING, ORDINARY
    )


async def _create(
    settings: Settings, parsed: argparse.Namespace, status: UserStatus, roles: frozenset[Role]
) -> None:
    hasher = PasswordHasher(queue=1)
    database = await Database.open(settings.database_url, name=settings.service(), pool_size=1)
    try:
        new = NewUser(
            id=new_id(),
            username=names.username(parsed.username),
            email=parsed.email and names.email(parsed.email),
            full_name=parsed.full_name and names.full_name(parsed.full_name),
            password_hash=await hasher.hash(passwords.new_password(_password(parsed))),
            status=status,
            roles=roles,
        )
        async with database.unit_of_work() as uow:
            user, before = await ensure(uow, new, datetime.now(UTC))
    except Refusal as refusal:
        raise SystemExit(refusal.detail()) from None
    finally:
        await database.close()
        hasher.close()
    verb = "made" if before is None else "unchanged" if before is user else "changed"
    roles_text = ", ".join(sorted(user.roles))
    sys.stdout.write(f"{user.username}: {verb} ({user.status}, {roles_text}), id {user.id}\n")


def _password(parsed: argparse.Namespace) -> str:
    if parsed.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password = os.environ.get(parsed.password_env)
    if password is None:
        raise SystemExit(f"the variable {parsed.password_env} is not set")
    return password


def _name_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--username", required=True, help="or the e-mail address")


async def _remove_factors(settings: Settings, parsed: argparse.Namespace) -> None:
    database = await Database.open(settings.database_url, name=settings.service(), pool_size=1)
    try:
        async with database.unit_of_work() as uow:
            user, removed = await remove_factors(uow, parsed.username, datetime.now(UTC))
    except Refusal as refusal:
        raise SystemExit(refusal.detail()) from None
    finally:
        await database.close()
    factors = ", ".join(removed) or "none"
    sys.stdout.write(f"{parsed.username}: removed {factors}; all sessions end, id {user.id}\n")


CREATE_ADMIN: Final[Extra] = (_arguments, _create_admin)
CREATE_USER: Final[Extra] = (_user_arguments, _create_user)
REMOVE_FACTORS: Final[Extra] = (_name_argument, _remove_factors)
