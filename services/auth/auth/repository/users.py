"""Owns the SQL of users, and the keys by which they are found and compared."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record, UniqueViolationError

from auth.domain.factors.methods import Factor
from auth.domain.lookalikes import looks, resting_key, skeleton
from auth.domain.names import comparison_key, email_key
from auth.domain.users import Role, User, UserStatus
from auth.refusals import EmailTaken, UsernameTaken
from auth.repository.user_pages import PageEnd, UserFilter, user_page
from kit.db import Connection
from kit.refusals import Language, NotFound

COLUMNS: Final = """u.id, u.number, u.username, u.email, u.full_name, u.status, u.roles,
    u.token_version, u.version, u.created_at, u.activated_at, u.language, u.factors,
    u.confirm_above, u.password_hash"""
_SELECT: Final = f"SELECT {COLUMNS} FROM user_account u\n"  # noqa: S608 - a constant
_BY_ID: Final = _SELECT + "WHERE u.id = $1"
_BY_USERNAME: Final = _SELECT + "WHERE u.username_key = $1"
_BY_EMAIL: Final = _SELECT + "WHERE u.email_key = $1"
_AMONG: Final = _SELECT + "WHERE u.id = ANY($1) AND u.status <> 'deleted'"
_LOCK: Final = _SELECT + "WHERE u.id = $1 FOR NO KEY UPDATE"
# All administrators are locked with the changed user, in the order of their ids, because two who
# demote each other at the same time must not both find another one left.
_LOCK_WITH_ADMINS: Final = (
    _SELECT
    + """WHERE u.id = $1 OR (u.status = 'active' AND u.roles @> ARRAY['admin'])
ORDER BY u.id FOR NO KEY UPDATE"""
)
_INSERT: Final = """
INSERT INTO user_account (
    id, username, username_key, email, email_key, full_name, search_key, password_hash, status,
    roles, created_at, updated_at, activated_at, language, username_skeleton
) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text[], $11, $11, $12, $13, $14
WHERE NOT EXISTS (SELECT FROM resting_name WHERE key = ANY($15) AND until > $11)
    AND NOT EXISTS (SELECT FROM user_account WHERE username_skeleton = ANY($16))
ON CONFLICT DO NOTHING
RETURNING number
"""
_SAVE: Final = """
UPDATE user_account SET
    username = $2, username_key = $3, email = $4, email_key = $5, full_name = $6, search_key = $7,
    status = $8, roles = $9, version = $10, updated_at = $11, activated_at = $12,
    token_version_at = CASE WHEN token_version < $13 THEN $11 ELSE token_version_at END,
    token_version = $13, language = $14, username_skeleton = $15, confirm_above = $16,
    password_hash = CASE WHEN $8 = 'deleted' THEN NULL ELSE password_hash END
WHERE id = $1
"""
_REPLACE_HASH: Final = """
UPDATE user_account SET password_hash = $2, token_version = $3, token_version_at = $4,
    updated_at = $4
WHERE id = $1
"""
# What the tables of the factors hold for a user, so that a login and a refresh read one row.
_SET_FACTORS: Final = """
UPDATE user_account SET updated_at = $2, factors = array_remove(ARRAY[
    CASE WHEN EXISTS (SELECT FROM passkey WHERE user_id = $1) THEN 'passkey' END,
    CASE WHEN EXISTS (SELECT FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL) THEN 'totp'
        END], NULL)
WHERE id = $1 RETURNING factors
"""
_CHANGE_HASH: Final = """
UPDATE user_account SET password_hash = $3, updated_at = $4
WHERE id = $1 AND password_hash = $2 AND status = 'active'
"""
_IS_TAKEN: Final = """
SELECT EXISTS (SELECT FROM user_account
        WHERE (username_key = $1 OR username_skeleton = ANY($3)) AND id IS DISTINCT FROM $5)
    OR EXISTS (SELECT FROM resting_name
        WHERE key = ANY($2) AND until > $4 AND user_id IS DISTINCT FROM $5)
"""
_REST: Final = """
WITH over AS (DELETE FROM resting_name WHERE until <= $4 AND key <> $1)
INSERT INTO resting_name (key, user_id, until) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET user_id = $2, until = $3
"""
_RESTING: Final = """
SELECT count(*) FROM resting_name WHERE user_id = $1 AND until > $2 AND key <> ALL($3)
"""
_PENDING: Final = """
SELECT id FROM user_account WHERE status = 'pending' AND created_at < $1 AND id > $2
ORDER BY id LIMIT $3
"""
_WITHOUT_SKELETON: Final = """
SELECT id, username FROM user_account
WHERE username IS NOT NULL AND username_skeleton IS NULL ORDER BY created_at, id
"""
_FILL_SKELETON: Final = """
UPDATE user_account SET username_skeleton = $2 WHERE id = $1
    AND NOT EXISTS (SELECT FROM user_account AS other WHERE other.username_skeleton = $2)
"""
# The number that an INSERT refused for its name has used up, in this database session.
_NUMBER_USED_UP: Final = "SELECT currval(pg_get_serial_sequence('user_account', 'number'))"


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to store, with the hash of the password."""

    id: UUID
    username: str | None
    email: str | None
    full_name: str | None
    password_hash: str
    status: UserStatus
    roles: frozenset[Role]
    language: Language = "ru"


class Users:
    """Reads and stores users."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: NewUser, now: datetime) -> User | None:
        """Store a user; return None if username or e-mail address is taken.

        It waits for another registration of the same name that is being committed.
        """
        number = await self._connection.fetchval(
            _INSERT,
            new.id,
            new.username,
            _key(new.username),
            new.email,
            _email_key(new.email),
            new.full_name,
            _search_key(new.username, new.email, new.full_name),
            new.password_hash,
            new.status,
            sorted(new.roles),
            now,
            _activated_at(new, now),
            new.language,
            _skeleton(new.username),
            *_looks(new.username),
        )
        return None if number is None else _added(new, number, now)

    async def as_if_added(self, new: NewUser, now: datetime) -> User:
        """Return the user that `add`, which has just refused them, would have returned."""
        return _added(new, await self._connection.fetchval(_NUMBER_USED_UP), now)

    async def set_password(self, user: User, password_hash: str, now: datetime) -> None:
        """Store a new password's hash and the token version that ends older tokens."""
        await self._connection.execute(
            _REPLACE_HASH, user.id, password_hash, user.token_version, now
        )

    async def set_factors(self, user_id: UUID, now: datetime) -> frozenset[Factor]:
        """Store which factors a user has, after a change of them; return these."""
        found = await self._connection.fetchval(_SET_FACTORS, user_id, now)
        return _factors(found)

    async def change_password(
        self, user_id: UUID, old_hash: str, new_hash: str, now: datetime
    ) -> bool:
        """Store a new password's hash; return False if the old one was replaced meanwhile."""
        count = await self._connection.execute(_CHANGE_HASH, user_id, old_hash, new_hash, now)
        return count == 1

    async def has_username(self, username: str, now: datetime) -> bool:
        """Tell whether somebody has this username or one like it, or had it lately."""
        return await self.is_taken(username, None, now)

    async def is_taken(self, username: str, by_other_than: UUID | None, now: datetime) -> bool:
        """Tell whether somebody else has this name or one like it, or had it lately."""
        found: bool = await self._connection.fetchval(
            _IS_TAKEN, comparison_key(username), *_looks(username), now, by_other_than
        )
        return found

    async def rest(self, user: User, until: datetime, now: datetime) -> None:
        """Keep the user's name from others until a time."""
        if user.username is not None:
            key = resting_key(skeleton(user.username))
            await self._connection.execute(_REST, key, user.id, until, now)

    async def resting(self, user_id: UUID, names: Collection[str], now: datetime) -> int:
        """Count the user's resting names beside the given ones."""
        keys = [resting_key(skeleton(name)) for name in names]
        count: int = await self._connection.fetchval(_RESTING, user_id, now, keys)
        return count

    async def fill_skeletons(self) -> None:
        """Fill in the skeletons of usernames from before the column existed.

        Of several that look alike, the oldest gets it.
        """
        rows = await self._connection.fetch(_WITHOUT_SKELETON)
        for row in rows:
            await self._connection.execute(_FILL_SKELETON, row["id"], skeleton(row["username"]))

    async def get(self, user_id: UUID) -> User | None:
        """Return a user by id."""
        return await self._one(_BY_ID, user_id)

    async def by_username(self, username: str) -> User | None:
        """Return the user with this username."""
        return await self._one(_BY_USERNAME, comparison_key(username))

    async def by_email(self, email: str) -> User | None:
        """Return the user with this address."""
        return await self._one(_BY_EMAIL, email_key(email))

    async def among(self, user_ids: Collection[UUID]) -> list[User]:
        """Return those of the users who exist and are not deleted."""
        return [user_from(row) for row in await self._connection.fetch(_AMONG, list(user_ids))]

    async def lock(self, user_id: UUID) -> User:
        """Return a user, locked against other changes.

        Raises:
            NotFound: there is no such user.
        """
        user = await self._one(_LOCK, user_id)
        if user is None:
            raise NotFound
        return user

    async def hold(self, user: User, password_hash: str) -> bool:
        """Keep a user from being changed; return False if they were since they were read."""
        found = await self._connection.fetchrow(
            """SELECT FROM user_account
            WHERE id = $1 AND password_hash = $2 AND token_version = $3 FOR SHARE""",
            user.id,
            password_hash,
            user.token_version,
        )
        return found is not None

    async def lock_with_admins(self, user_id: UUID) -> tuple[User, int]:
        """Return a user and the number of other active administrators, all locked.

        Raises:
            NotFound: there is no such user.
        """
        users = [user_from(row) for row in await self._connection.fetch(_LOCK_WITH_ADMINS, user_id)]
        wanted = next((user for user in users if user.id == user_id), None)
        if wanted is None:
            raise NotFound
        return wanted, sum(user.is_active_admin for user in users if user is not wanted)

    async def save(self, user: User, now: datetime) -> None:
        """Store a changed user; a deleted one loses the password, too.

        Raises:
            UsernameTaken, EmailTaken: somebody else has it; the transaction can't go on.
        """
        try:
            await self._connection.execute(
                _SAVE,
                user.id,
                user.username,
                _key(user.username),
                user.email,
                _email_key(user.email),
                user.full_name,
                _search_key(user.username, user.email, user.full_name),
                user.status,
                sorted(user.roles),
                user.version,
                now,
                user.activated_at,
                user.token_version,
                user.language,
                _skeleton(user.username),
                dict(user.confirm_above),
            )
        except UniqueViolationError as error:
            is_email = error.as_dict().get("constraint_name") == "uq_user_account_email_key"
            raise (EmailTaken if is_email else UsernameTaken) from None

    async def page(
        self, wanted: UserFilter, after: PageEnd | None, limit: int, now: datetime
    ) -> list[User]:
        """Return at most `limit` users, newest first."""
        rows = await self._connection.fetch(user_page(wanted, after, limit, now))
        return [user_from(row) for row in rows]

    async def pending_since(self, before: datetime, after: UUID, limit: int) -> list[UUID]:
        """Return the next users who registered before a time and never activated."""
        rows = await self._connection.fetch(_PENDING, before, after, limit)
        return [row["id"] for row in rows]

    async def outdated_since(self, since: datetime) -> list[tuple[UUID, int]]:
        """Return id and token version of users whose older tokens ended since then."""
        rows = await self._connection.fetch(
            "SELECT id, token_version FROM user_account WHERE token_version_at > $1", since
        )
        return [(row["id"], row["token_version"]) for row in rows]

    async def _one(self, query: str, value: UUID | str) -> User | None:
        row = await self._connection.fetchrow(query, value)
        return None if row is None else user_from(row)


def _added(new: NewUser, number: int, now: datetime) -> User:
    return User(
        id=new.id,
        number=number,
        username=new.username,
        email=new.email,
        full_name=new.full_name,
        status=new.status,
        roles=new.roles,
        token_version=1,
        version=1,
        created_at=now,
        activated_at=_activated_at(new, now),
        language=new.language,
    )


def _activated_at(new: NewUser, now: datetime) -> datetime | None:
    return now if new.status is UserStatus.ACTIVE else None


def user_from(row: Record) -> User:
    """Make a user from a row with all their columns."""
    return User(
        id=row["id"],
        number=row["number"],
        username=row["username"],
        email=row["email"],
        full_name=row["full_name"],
        status=UserStatus(row["status"]),
        roles=frozenset(Role(role) for role in row["roles"]),
        token_version=row["token_version"],
        version=row["version"],
        created_at=row["created_at"],
        activated_at=row["activated_at"],
        language=row["language"],
        factors=_factors(row["factors"]),
        confirm_above=row["confirm_above"],
    )


def _factors(stored: Collection[str]) -> frozenset[Factor]:
    return frozenset(Factor(factor) for factor in stored)


def _key(name: str | None) -> str | None:
    return None if name is None else comparison_key(name)


def _skeleton(username: str | None) -> str | None:
    return None if username is None else skeleton(username)


def _looks(username: str | None) -> tuple[list[bytes], list[str]]:
    """Return the keys to look for a name among resting names and names in use."""
    found = [] if username is None else sorted(looks(username))
    return [resting_key(look) for look in found], found


def _email_key(address: str | None) -> str | None:
    return None if address is None else email_key(address)


def _search_key(*names: str | None) -> str:
    return "\n".join(comparison_key(name) for name in names if name is not None)
