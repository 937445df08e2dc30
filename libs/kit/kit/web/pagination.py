"""Owns pages of lists: their size, and cursors that can't be forged or shared.

Does not query: a repository takes a position and a limit and returns one row more than asked.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from struct import Struct
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import orjson
from pydantic import SecretStr

from kit.moments import microseconds_of, moment_at
from kit.refusals import CursorInvalid
from kit.web.schemas import Page

R = TypeVar("R")
T = TypeVar("T")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

_POSITION = Struct(">q16s")  # microseconds since the epoch, id
_MAC_BYTES = 16


class Position(NamedTuple):
    """The end of a page, newest first; the next page goes on strictly below it."""

    created_at: datetime
    id: UUID


class KeyPosition(NamedTuple):
    """The end of a page in another order: a number or a text, and the row's id."""

    key: int | str
    id: UUID


class SealedCursors:
    """Seals and opens the cursors of one list for one caller and one set of filters.

    A cursor is a position and a MAC over it, the list's name, the caller and the filters: used by
    another user, on another list or with other filters, it is refused.
    """

    def __init__(
        self,
        secret: SecretStr,
        *,
        list_name: str,
        subject: str,
        filters: Mapping[str, object] | None = None,
    ) -> None:
        """Bind to a list, a caller and filters.

        Args:
            secret: `WebSettings.cursor_secret`.
            list_name: Name of the list (its operation id).
            subject: `Identity.subject` of the caller, or empty on a public list.
            filters: Values of the filters, without limit and cursor; None means not given.
        """
        given = {name: value for name, value in (filters or {}).items() if value is not None}
        bound = orjson.dumps([list_name, subject, given], default=str, option=orjson.OPT_SORT_KEYS)
        key = blake2b(secret.get_secret_value().encode(), person=b"cursor").digest()
        self._key = blake2b(bound, key=key).digest()

    def seal(self, position: bytes) -> str:
        """Return the cursor of a packed position."""
        return self._written(position).decode()

    def open(self, cursor: str) -> bytes:
        """Return the packed position of a cursor.

        Raises:
            CursorInvalid: it is not a cursor of this list, caller and filters.
        """
        try:
            given = cursor.encode("ascii")
            position = urlsafe_b64decode(given + b"=" * (-len(given) % 4))[:-_MAC_BYTES]
        except ValueError:
            raise CursorInvalid from None
        # Compared as written: base64 reads past foreign characters and the bits left at its end.
        if not hmac.compare_digest(given, self._written(position)):
            raise CursorInvalid
        return position

    def _written(self, position: bytes) -> bytes:
        mac = blake2b(position, key=self._key, digest_size=_MAC_BYTES).digest()
        return urlsafe_b64encode(position + mac).rstrip(b"=")


class Cursors(SealedCursors):
    """Writes and reads the cursors of a list that is ordered by time."""

    def encode(self, created_at: datetime, id: UUID) -> str:  # noqa: A002 (named as everywhere)
        """Return the cursor of a position; `created_at` is aware."""
        return self.seal(_POSITION.pack(microseconds_of(created_at), id.bytes))

    def decode(self, cursor: str | None) -> Position | None:
        """Return the position of a cursor, None for the first page.

        Raises:
            CursorInvalid: it is not a cursor of this list, caller and filters.
        """
        if cursor is None:
            return None
        microseconds, id_bytes = _POSITION.unpack(self.open(cursor))
        return Position(moment_at(microseconds), UUID(bytes=id_bytes))


class KeyCursors(SealedCursors):
    """Writes and reads the cursors of a list that is ordered by a sort key.

    The order must be among the filters, so that a key is never taken for one of another order.
    """

    def encode(self, key: int | str, id: UUID) -> str:  # noqa: A002 (named as everywhere)
        """Return the cursor of a position; a text of up to 60 characters fits its length."""
        return self.seal(id.bytes + orjson.dumps(key))

    def decode(self, cursor: str | None) -> KeyPosition | None:
        """Return the position of a cursor, None for the first page.

        Raises:
            CursorInvalid: it is not a cursor of this list, caller and filters.
        """
        if cursor is None:
            return None
        position = self.open(cursor)
        return KeyPosition(orjson.loads(position[16:]), UUID(bytes=position[:16]))


def by_creation(row: Any) -> Position:
    """Return the position of a row by its `created_at` and `id`."""
    return Position(row.created_at, row.id)


def page_of(  # noqa: PLR0913 (what a page is made of)
    model: type[Page[T]],
    rows: Sequence[R],
    show: Callable[[R], T],
    *,
    limit: int,
    cursors: Cursors | KeyCursors,
    place: Callable[[R], tuple[Any, UUID]] = by_creation,
) -> Page[T]:
    """Return a page of at most `limit` rows; one row more means that more follow.

    An operation returns it as it is: the route adds the Link header of the next page.
    """
    items = [show(row) for row in rows[:limit]]
    follows = len(rows) > limit
    cursor = cursors.encode(*place(rows[limit - 1])) if follows else None
    return model.model_construct(items=items, next_cursor=cursor)


def next_link(parameters: Mapping[str, str], next_cursor: str) -> str:
    """Return the Link header of the next page, relative to the request's address."""
    query = urlencode({**parameters, "cursor": next_cursor})
    return f'<?{query}>; rel="next"'
