"""Walks what every operation takes: a moment or a day is read by kit.web.times, or not at all."""

import typing
from collections.abc import Iterator
from datetime import date, datetime
from inspect import isclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from deploy.generate import rooms
from pydantic import BaseModel, BeforeValidator
from typing_extensions import TypeAliasType

from kit.web import times
from kit.web.app import WebApp
from kit.web.serving.parameters import Parameters


def bare_times(declared: Any, path: str, seen: frozenset[Any] = frozenset()) -> Iterator[str]:
    """Yield where a declaration takes times by other rules than those of kit.web.times."""
    if isinstance(declared, TypeAliasType | getattr(typing, "TypeAliasType", TypeAliasType)):
        declared = declared.__value__
    if get_origin(declared) is Annotated:
        inner, *extras = get_args(declared)
        readers = [one.func for one in extras if isinstance(one, BeforeValidator)]
        if not any(getattr(one, "__module__", "") == times.__name__ for one in readers):
            yield from bare_times(inner, path, seen)
    elif isclass(declared) and issubclass(declared, date):  # a datetime is one
        yield path
    elif isclass(declared) and issubclass(declared, BaseModel):
        if declared not in seen:
            for name, hint in get_type_hints(declared, include_extras=True).items():
                if name in declared.model_fields:
                    yield from bare_times(hint, f"{path}.{name}", seen | {declared})
    else:
        for one in get_args(declared):
            yield from bare_times(one, path, seen)


def taken(asked: Parameters) -> Iterator[str]:
    """Yield where an operation, or what it depends on, takes a bare time."""
    for function in asked.whole():
        for one in (*function.path, *function.query, *function.headers, *function.body):
            declared, extras = one.info.annotation, tuple(one.info.metadata)
            whole = Annotated[(declared, *extras)] if extras else declared
            yield from bare_times(whole, one.name)


@pytest.mark.parametrize("room", rooms.services())
def test_no_operation_takes_a_time_but_as_rfc_3339_has_it(room: str) -> None:
    web = rooms.build(room).web
    assert isinstance(web, WebApp)
    found = [f"{one.operation_id}: {name}" for one in web.kit_routes for name in taken(one.asked)]
    assert found == []


class _Inner(BaseModel):
    day: date | None = None


class _Asked(BaseModel):
    at: datetime
    inner: list[_Inner]
    good: times.Moment
    edges: list[times.RangeEdge] | None = None


def test_the_walk_finds_bare_times_wherever_they_stand() -> None:
    assert list(bare_times(_Asked, "body")) == ["body.at", "body.inner.day"]
    assert list(bare_times(dict[str, datetime | None], "query")) == ["query"]
    assert list(bare_times(times.Moment, "query")) == []
