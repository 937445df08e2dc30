"""kit.context: ids of the work in hand, per task."""

import asyncio

import pytest

from kit import context
from kit.context import Context


def test_there_is_an_empty_context_at_first() -> None:
    assert context.current() == Context()


def test_bound_ids_last_for_the_block_and_add_to_those_outside() -> None:
    with context.bind(request_id="r", traceparent="t"):
        with context.bind(correlation_id="c", request_id=None) as inner:
            assert inner == Context("r", "t", "c", None)
            assert context.current() is inner
        assert context.current() == Context("r", "t")
    assert context.current() == Context()


def test_an_error_inside_the_block_still_unbinds() -> None:
    with pytest.raises(LookupError), context.bind(causation_id="m"):
        raise LookupError
    assert context.current() == Context()


def test_entering_and_leaving_restores_what_was_before() -> None:
    with context.bind(request_id="outer"):
        token = context.enter(Context(request_id="inner"))
        assert context.current().request_id == "inner"
        context.leave(token)
        assert context.current().request_id == "outer"


async def test_tasks_do_not_see_each_others_ids() -> None:
    async def work(name: str) -> str | None:
        with context.bind(request_id=name):
            await asyncio.sleep(0)
            return context.current().request_id

    assert list(await asyncio.gather(work("a"), work("b"))) == ["a", "b"]
