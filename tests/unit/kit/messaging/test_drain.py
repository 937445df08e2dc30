import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import pairwise

import pytest

from kit.messaging.broker import Publication, PublishOutcome
from kit.messaging.drain import (
    SWEEP_SECONDS,
    SWEEP_SHARE,
    Drain,
    blocked_now,
    published,
    undelivered,
)
from kit.messaging.outbox import OutboxPage
from kit.messaging.packing import Row, parcels
from kit.messaging.topology import COMMANDS
from kit.messaging.undeliverable import Undeliverable
from testkit.toys import row

TO_NOBODY = (COMMANDS, "nobody")


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Table:
    """An outbox as a dictionary; remembers what it was asked. ``writer`` still runs, if set."""

    def __init__(self, *rows: Row) -> None:
        self.rows = {one.number: one for one in rows}
        self.asked: list[tuple[list[int], int]] = []
        self.writer: int | None = None
        self.slowness: Callable[[], None] = lambda: None
        self.xid = 0

    async def read_on(
        self,
        *,
        confirmed: Sequence[int],
        under_way: Sequence[int],
        blocked: Collection[str],
        after: int,
        limit: int,
    ) -> OutboxPage:
        self.asked.append((list(confirmed), after))
        for seq in confirmed:
            self.rows.pop(seq, None)
        found = [
            one
            for seq, one in sorted(self.rows.items())
            if seq > after and seq not in under_way and not blocked >= set(one.subjects)
        ]
        for _ in range(6):
            await asyncio.sleep(0)
        self.slowness()
        self.xid += 1
        return OutboxPage(found[:limit], self.xid, self.writer or self.xid)

    async def cut(self, rows: Sequence[Row]) -> None:
        self.rows |= {one.number: one for one in rows}


class Channel:
    """Confirms all but what goes to nobody."""

    def __init__(self) -> None:
        self.windows: list[list[bytes]] = []

    async def publish(self, publications: Sequence[Publication]) -> list[PublishOutcome]:
        self.windows.append([one.body for one in publications])
        for _ in range(3):
            await asyncio.sleep(0)
        return [
            PublishOutcome.RETURNED
            if (one.exchange, one.routing_key) == TO_NOBODY
            else PublishOutcome.CONFIRMED
            for one in publications
        ]

    async def close(self) -> None:
        """Do nothing."""


async def _none() -> None:
    """Say at once that nothing has come."""


class Scene:
    def __init__(
        self, *rows: Row, page: int = 100, news: Callable[[], Awaitable[object]] = _none
    ) -> None:
        self.time = Time()
        self.table = Table(*rows)
        self.channel = Channel()
        self.drain = Drain(
            self.table,
            Undeliverable(),
            service="scene",
            page=page,
            monotonic=self.time.monotonic,
            news=news,
        )
        self.drain.start(self.channel)

    async def until_drained(self) -> int:
        for steps in range(1, 100):
            if not await self.drain.step():
                return steps
        raise AssertionError("never drained")

    @property
    def sent(self) -> list[int]:
        """Numbers of the rows that were sent, in order."""
        return [
            int(number)
            for window in self.channel.windows
            for body in window
            for number in body.strip(b"[]").split(b",")
        ]


async def test_a_row_is_read_sent_forgotten_and_not_mentioned_again() -> None:
    scene = Scene(row(5))
    assert await scene.until_drained() == 2
    assert scene.table.rows == {}
    assert scene.channel.windows == [[b"5"]]
    assert [confirmed for confirmed, _ in scene.table.asked] == [[], [5]]


async def test_one_statement_deletes_what_was_sent_and_reads_what_came_meanwhile() -> None:
    coming = [row(2), row(3)]

    async def news() -> None:
        if coming:
            one = coming.pop(0)
            scene.table.rows[one.number] = one

    scene = Scene(row(1), news=news)
    await scene.until_drained()
    assert scene.sent == [1, 2, 3]
    assert [confirmed for confirmed, _ in scene.table.asked] == [[], [1], [2], [3]]


async def test_nothing_is_waited_for_before_something_was_sent() -> None:
    async def news() -> None:
        raise AssertionError

    assert await Scene(news=news).until_drained() == 1


async def test_an_empty_outbox_costs_one_statement_and_no_frame() -> None:
    scene = Scene()
    assert await scene.until_drained() == 1
    assert scene.table.asked == [([], 0)]
    assert scene.channel.windows == []


async def test_a_thousand_rows_cost_a_statement_a_page_and_are_sent_once_each() -> None:
    scene = Scene(*(row(n) for n in range(1, 1001)), page=100)
    await scene.until_drained()
    assert scene.sent == list(range(1, 1001))
    assert len(scene.table.asked) <= 10 + 2
    assert len(scene.channel.windows) == 10


async def test_what_was_read_is_not_read_over_again() -> None:
    scene = Scene(*(row(n) for n in range(1, 41)), page=10)
    await scene.until_drained()
    assert [after for _, after in scene.table.asked] == [0, 0, 10, 20, 30, 30]


async def test_a_row_whose_writer_is_late_is_not_passed_over() -> None:
    scene = Scene(row(100))
    scene.table.writer = 1
    await scene.drain.step()
    await scene.drain.step()
    scene.table.rows |= {50: row(50, subject="late"), 101: row(101)}
    await scene.until_drained()
    assert scene.sent == [100, 50, 101]


async def test_a_row_that_appears_where_none_could_is_found_by_the_sweep() -> None:
    scene = Scene(*(row(n) for n in range(100, 120)), page=5)
    for _ in range(6):
        await scene.drain.step()
    assert scene.table.asked[-1][1] > 50
    scene.table.rows[50] = row(50)
    for n in range(120, 160):
        scene.table.rows[n] = row(n)
        await scene.drain.step()
        scene.time.now += SWEEP_SECONDS / 10
        if 50 in scene.sent:
            break
    assert 50 in scene.sent


async def test_sweeps_take_no_more_than_their_share_of_the_time() -> None:
    scene = Scene(row(1))
    scene.table.slowness = lambda: setattr(scene.time, "now", scene.time.now + 3.0)
    swept = []
    for n in range(2, 400):
        scene.table.rows[n] = row(n)
        before = scene.time.now
        await scene.drain.step()
        if scene.table.asked[-1][1] == 0:
            swept.append(before)
    pauses = [later - earlier for earlier, later in pairwise(swept[3:])]
    assert len(pauses) > 10
    assert min(pauses) >= 3.0 / SWEEP_SHARE


async def test_a_returned_message_holds_its_subject_and_no_other() -> None:
    scene = Scene(row(1, TO_NOBODY, "sick"), row(2, subject="well"), page=2)
    scene.table.rows |= {3: row(3, subject="sick"), 4: row(4, subject="well")}
    await scene.until_drained()
    assert scene.sent == [1, 2, 4]
    assert sorted(scene.table.rows) == [1, 3]


async def test_a_held_subject_is_sent_from_its_first_row_once_it_can_be() -> None:
    scene = Scene(row(1, TO_NOBODY, "sick"), row(2, subject="well"), page=2)
    await scene.until_drained()
    scene.table.rows |= {1: row(1, subject="sick"), 3: row(3, subject="sick")}
    await scene.until_drained()
    assert scene.sent == [1, 2]
    scene.time.now += 1.1
    await scene.until_drained()
    assert scene.sent == [1, 2, 1, 3]
    assert scene.table.rows == {}


async def test_what_once_failed_goes_message_by_message_until_it_succeeds() -> None:
    scene = Scene(row(1, TO_NOBODY, "sick"))
    await scene.until_drained()
    scene.time.now += 1.1
    scene.table.rows = {1: row(1, subject="sick"), 2: row(2, ("kit.events", "sung"), "well")}
    await scene.until_drained()
    assert scene.channel.windows[1:] == [[b"1"], [b"2"]]
    scene.table.rows = {3: row(3, subject="sick"), 4: row(4, ("kit.events", "sung"), "well")}
    await scene.until_drained()
    assert scene.channel.windows[3:] == [[b"3", b"4"]]


async def test_a_held_subject_is_not_overtaken_however_slow_a_reading_is() -> None:
    scene = Scene(*(row(n, subject="well") for n in range(1, 13)), page=2)
    scene.table.rows |= {7: row(7, TO_NOBODY, "sick")}
    scene.table.rows |= {n: row(n, subject="sick") for n in (9, 11)}
    while 7 not in scene.sent:
        if 6 in scene.sent:  # while 7 is out and 9 is read, its pause begins and ends
            scene.table.slowness = lambda: setattr(scene.time, "now", scene.time.now + 5.0)
        await scene.drain.step()
    scene.table.slowness = lambda: None
    scene.table.rows[7] = row(7, subject="sick")
    await scene.until_drained()
    assert [seq for seq in scene.sent if seq in (7, 9, 11)] == [7, 7, 9, 11]


async def test_another_message_of_the_subject_does_not_lift_its_pause() -> None:
    scene = Scene(row(1, TO_NOBODY, "sick"), row(2, subject="sick"))
    await scene.until_drained()
    assert scene.sent == [1, 2]
    await scene.until_drained()
    assert scene.sent == [1, 2]
    scene.time.now += 1.1
    await scene.until_drained()
    assert scene.sent == [1, 2, 1]


async def test_the_first_pass_sends_all_its_parcels_at_once() -> None:
    scene = Scene(row(1), row(2, ("kit.events", "sung"), "2"))
    await scene.until_drained()
    assert scene.channel.windows == [[b"1", b"2"]]


async def test_what_is_blocked_in_one_pass_stays_blocked_whatever_is_delivered_in_it() -> None:
    scene = Scene(
        row(1, TO_NOBODY, "a"),
        row(2, subject="b"),
        row(3, TO_NOBODY, "b"),
        row(4, ("kit.events", "sung"), "a"),
    )
    await scene.until_drained()
    await scene.until_drained()
    assert scene.channel.windows == [[b"1", b"2", b"3", b"4"]]


async def test_what_becomes_of_messages_is_counted_for_the_service() -> None:
    sent, lost = published.labels("scene"), undelivered.labels("scene")
    before = sent._value.get(), lost._value.get()
    await Scene(row(1), row(2, TO_NOBODY, "sick"), row(3)).until_drained()
    assert (sent._value.get() - before[0], lost._value.get() - before[1]) == (2, 1)
    assert blocked_now.labels("scene")._value.get() == 1


async def test_a_broker_that_does_not_answer_for_each_message_is_not_believed() -> None:
    class Mute(Channel):
        async def publish(self, publications: Sequence[Publication]) -> list[PublishOutcome]:
            return (await super().publish(publications))[1:]

    scene = Scene(row(1), row(2, ("kit.events", "sung"), "2"))
    scene.drain.start(Mute())
    await scene.drain.step()
    with pytest.raises(ValueError, match="shorter"):
        await scene.drain.step()


async def test_a_subject_let_go_unnoticed_is_read_from_its_first_row_though_no_sweep_is_due() -> (
    None
):
    scene = Scene(*(row(n, subject="well") for n in range(1, 13)), page=2)
    scene.table.rows |= {7: row(7, TO_NOBODY, "sick")}
    scene.table.rows |= {n: row(n, subject="sick") for n in (9, 11)}
    # Each reading is longer than a pause, and so slow that sweeps are far apart.
    scene.table.slowness = lambda: setattr(scene.time, "now", scene.time.now + 5.0)
    while 7 not in scene.sent:
        await scene.drain.step()
    scene.table.slowness = lambda: None
    scene.table.rows[7] = row(7, subject="sick")
    await scene.until_drained()
    assert [seq for seq in scene.sent if seq in (7, 9, 11)] == [7, 7, 9, 11]


async def test_a_sweep_is_due_half_a_second_after_the_start() -> None:
    scene = Scene(row(10))
    begun = scene.time.now
    scene.time.now = begun + SWEEP_SECONDS / 2
    await scene.until_drained()
    scene.table.rows[11] = row(11)
    await scene.until_drained()
    scene.time.now = begun + SWEEP_SECONDS
    await scene.drain.step()
    assert [after for _, after in scene.table.asked][-2:] == [10, 0]


async def test_a_sweep_goes_on_page_by_page_until_it_has_come_as_far_as_was_read() -> None:
    scene = Scene(row(100), page=3)
    await scene.until_drained()
    scene.table.rows = {n: row(n) for n in range(1, 8)}
    scene.time.now += SWEEP_SECONDS
    await scene.until_drained()
    assert scene.sent == [100, 1, 2, 3, 4, 5, 6, 7]
    assert [after for _, after in scene.table.asked][2:5] == [0, 3, 6]


async def test_a_subject_let_go_is_sent_while_there_is_still_more_to_send() -> None:
    scene = Scene(
        row(1, TO_NOBODY, "sick"), *(row(n, subject="well") for n in range(2, 101)), page=2
    )
    while 1 not in scene.sent:
        await scene.drain.step()
    scene.table.rows[1] = row(1, subject="sick")
    scene.time.now += 1.1
    for _ in range(5):
        await scene.drain.step()
    assert scene.sent.count(1) == 2
    assert len(scene.sent) < 20


def shared(number: int, *messages: tuple[int, str]) -> Row:
    """Return a row of several messages, each its number and its subject."""
    (parcel,) = parcels(row(one, subject=subject) for one, subject in messages)
    return parcel.row()._replace(number=number)


async def test_of_a_pack_only_what_is_about_a_held_subject_stays() -> None:
    scene = Scene(row(1, TO_NOBODY, "sick"))
    await scene.until_drained()
    scene.table.rows[2] = shared(2, (2, "well"), (3, "sick"), (4, "well"), (5, "sick"))
    scene.table.rows[3] = shared(3, (6, "sick"), (7, "well"))
    await scene.until_drained()
    assert scene.sent == [1, 2, 4, 7]
    assert scene.table.rows[2].messages() == [b"3", b"5"]
    assert scene.table.rows[3] == row(6, subject="sick")._replace(number=3, subjects=("sick",))
    scene.table.rows[1] = row(1, subject="sick")
    scene.time.now += 1.1
    await scene.until_drained()
    assert scene.sent == [1, 2, 4, 7, 1, 3, 5, 6]
    assert scene.table.rows == {}


async def test_what_is_held_of_a_pack_under_way_is_not_overtaken_by_what_is_read_meanwhile() -> (
    None
):
    scene = Scene(row(1, TO_NOBODY, "sick"), page=2)
    await scene.until_drained()
    scene.table.rows = {
        2: shared(2, (2, "well"), (3, "sick")),
        4: row(4, subject="well"),
        5: row(5, subject="sick"),
    }
    await scene.drain.step()
    scene.time.now += 1.1  # the pause ends before 2 is sent, and 5 read beside it
    await scene.until_drained()
    assert scene.sent == [1, 2, 4, 3, 5]
    assert scene.table.rows == {}


async def test_the_messages_of_packs_are_counted_one_by_one() -> None:
    sent, lost = published.labels("scene"), undelivered.labels("scene")
    before = sent._value.get(), lost._value.get()
    to_nobody = shared(2, (3, "a"), (4, "b"), (5, "c"))._replace(routing_key="nobody")
    await Scene(
        shared(1, (1, "a"), (2, "b")), to_nobody._replace(exchange=COMMANDS)
    ).until_drained()
    assert (sent._value.get() - before[0], lost._value.get() - before[1]) == (2, 3)
    assert blocked_now.labels("scene")._value.get() == 3
