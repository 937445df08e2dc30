"""Makes users and verifies the audit log, at the command line.

Users are safe to make again: an existing one is enabled, given the roles, and keeps the password.
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
from auth.service.seals import AuditFault, verify
from auth.service.users import ensure
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


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=["verify"], help="compare every row with its seal")


async def _verify_audit(settings: Settings, _: argparse.Namespace) -> None:
    database = await Database.open(settings.database_url, name=settings.service(), pool_size=1)
    try:
        async with database.read() as connection:
            found = await verify(connection)
    finally:
        await database.close()
    if isinstance(found, AuditFault):
        raise SystemExit(f"row {found.position}: {found.what}")
    sys.stdout.write(
        f"{found.rows} rows, all agree; {found.unsealed} not sealed yet;"
        f" last seal {found.last.position} {found.last.hash.hex()}\n"
    )


COMMANDS: Final[dict[str, Extra]] = {
    "audit": (_audit_arguments, _verify_audit),
    "create-admin": (_arguments, _create_admin),
    "create-user": (_user_arguments, _create_user),
}
