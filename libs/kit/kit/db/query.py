"""Renders SQLAlchemy Core statements for asyncpg, and joins texts of statements.

SQLAlchemy is loaded with the first such statement, so that a process without any saves its 12 MiB.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql import ClauseElement

    from kit.span import Span

_PARAMETER = re.compile(r"\$(\d+)")


def render(statement: "str | ClauseElement", args: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return a statement's text with ``$1`` placeholders, and its arguments in order.

    A statement that is text already is returned as it is. Values are bound as they are: use it for
    uuid, int, text and timestamp columns, not for types that SQLAlchemy converts on the way in.
    """
    if isinstance(statement, str):
        return statement, args
    compiled = statement.compile(dialect=postgresql(), compile_kwargs={"render_postcompile": True})
    params = compiled.construct_params() or {}
    order = getattr(compiled, "positiontup", None) or ()
    return str(compiled), [params[name] for name in order]


@cache
def postgresql() -> "Dialect":
    """Return the dialect that statements are rendered for; it is loaded once."""
    from sqlalchemy.dialects.postgresql.asyncpg import dialect

    return dialect()  # type: ignore[no-untyped-call]


def within(query: "Select[Any]", column: "ColumnElement[Any]", span: "Span") -> "Select[Any]":
    """Narrow a query to the rows whose time lies in a span."""
    if span.begin is not None:
        query = query.where(column >= span.begin)
    return query if span.end is None else query.where(column < span.end)


@cache
def joined(texts: tuple[str, ...]) -> str:
    """Return statements as one; the parameters of each follow those before.

    Each has a parameter; none begins with WITH, or sees what another one has written.
    """
    after, parts = 0, []
    for text in texts:
        parts.append(_shifted(text, after))
        after += max(map(int, _PARAMETER.findall(text)))
    *first, last = parts
    named = ", ".join(f"written_{at} AS ({text})" for at, text in enumerate(first))
    return f"WITH {named} {last}" if first else last


def _shifted(text: str, after: int) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + after}", text)
