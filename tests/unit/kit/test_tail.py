"""kit.db.tail: whatever commits when, each row is taken once and no position passes one by."""

from collections.abc import Callable, Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from kit.db.tail import LONGEST_SECONDS, Frontier, Tail, TailPage

Pick = Callable[[Iterable[int]], int]


def test_the_frontier_moves_on_once_all_who_wrote_at_the_time_have_ended() -> None:
    frontier = Frontier()
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.passed(seq=20, xid=105, at=0.1)
    frontier.advance(oldest_xid=100, now=0.1)
    assert frontier.after == 0
    frontier.advance(oldest_xid=101, now=0.1)
    assert frontier.after == 10
    frontier.advance(oldest_xid=106, now=0.1)
    assert frontier.after == 20


def test_a_writer_that_goes_on_for_ever_does_not_hold_the_frontier() -> None:
    frontier = Frontier(longest_seconds=10.0)
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.advance(oldest_xid=1, now=9.9)
    assert frontier.after == 0
    frontier.advance(oldest_xid=1, now=10.0)
    assert frontier.after == 10


def test_a_frontier_begins_before_every_row() -> None:
    assert Frontier().after == 0


def test_a_reading_is_passed_once() -> None:
    frontier = Frontier()
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.passed(seq=20, xid=300, at=0.0)
    frontier.advance(oldest_xid=200, now=0.0)
    frontier.advance(oldest_xid=200, now=0.0)
    assert frontier.after == 10


def test_what_was_read_to_its_last_row_is_passed_and_nothing_beyond() -> None:
    frontier = Frontier()
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.passed(seq=20, xid=100, at=0.0)
    frontier.advance(oldest_xid=200, now=0.0, read_to=10)
    assert frontier.after == 10


def test_a_full_page_that_nobody_writes_into_any_more_is_passed_whole() -> None:
    tail = Tail(0)
    tail.took(TailPage((1, 2, 3), is_whole=False, oldest_xid=11, next_xid=11), now=0.0)
    assert (tail.after, tail.is_settled) == (3, True)


def test_the_frontier_never_goes_back() -> None:
    frontier = Frontier()
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.passed(seq=5, xid=101, at=0.0)
    frontier.advance(oldest_xid=200, now=0.0)
    assert frontier.after == 10


def test_where_nobody_writes_what_is_taken_is_final_at_once() -> None:
    tail = Tail(0)
    tail.took(TailPage([1, 2], is_whole=True, oldest_xid=9, next_xid=9), 0.0)
    assert (tail.after, tail.is_settled, list(tail.taken)) == (2, True, [])


def test_a_writer_holds_the_position_back_until_it_has_ended() -> None:
    tail = Tail(0)
    tail.took(TailPage([2], is_whole=True, oldest_xid=5, next_xid=7), 0.0)
    assert (tail.after, list(tail.taken)) == (0, [2])
    tail.took(TailPage([], is_whole=True, oldest_xid=6, next_xid=8), 1.0)
    assert tail.after == 0
    tail.took(TailPage([1], is_whole=True, oldest_xid=8, next_xid=8), 2.0)
    assert (tail.after, tail.is_settled) == (2, True)


def test_a_page_that_is_full_does_not_pass_what_it_has_not_read() -> None:
    tail = Tail(0)
    tail.took(TailPage([9], is_whole=True, oldest_xid=5, next_xid=7), 0.0)
    tail.took(TailPage([1, 2], is_whole=False, oldest_xid=8, next_xid=8), 1.0)
    assert tail.after == 0
    tail.took(TailPage([3], is_whole=True, oldest_xid=8, next_xid=8), 2.0)
    assert tail.after == 9


def test_what_was_not_taken_below_the_highest_is_named_by_spans() -> None:
    tail = Tail(3)
    assert (tail.taken_to, tail.gaps) == (3, [])
    tail.took(TailPage([5, 6, 10], is_whole=True, oldest_xid=5, next_xid=7), 0.0)
    assert (tail.taken_to, tail.gaps) == (10, [(4, 4), (7, 9)])
    tail.took(TailPage([4, 7, 8, 9], is_whole=True, oldest_xid=5, next_xid=7), 0.0)
    assert (tail.taken_to, tail.gaps) == (10, [])


def test_nobody_holds_it_back_for_ever() -> None:
    tail = Tail(0)
    tail.took(TailPage([2], is_whole=True, oldest_xid=5, next_xid=7), 0.0)
    tail.took(TailPage([], is_whole=True, oldest_xid=5, next_xid=9), LONGEST_SECONDS + 1)
    assert tail.after == 2


class World:
    """Transactions that begin, write and commit in any order, and a reader in between."""

    def __init__(self) -> None:
        self.running: dict[int, list[int]] = {}
        self.visible: set[int] = set()
        self.next_xid = self.next_seq = 1
        self.tail = Tail(0)
        self.taken: list[int] = []
        self.positions: list[tuple[int, frozenset[int]]] = []

    def begin(self, _: Pick) -> None:
        self.running[self.next_xid] = []
        self.next_xid += 1

    def write(self, pick: Pick) -> None:
        if self.running:
            self.running[pick(self.running)].append(self.next_seq)
            self.next_seq += 1

    def commit(self, pick: Pick) -> None:
        if self.running:
            self.visible.update(self.running.pop(pick(self.running)))

    def abort(self, pick: Pick) -> None:
        if self.running:
            self.running.pop(pick(self.running))

    def look(self, _: Pick | None = None) -> None:
        there = sorted(s for s in self.visible if s > self.tail.after)
        found = [seq for seq in there if seq not in self.tail.taken][:3]
        oldest = min(self.running, default=self.next_xid)
        self.tail.took(TailPage(found, len(found) < 3, oldest, self.next_xid), 0.0)
        self.taken += found
        self.positions.append((self.tail.after, frozenset(self.taken)))


@settings(max_examples=300)
@given(st.data())
def test_each_row_is_taken_once_and_resuming_anywhere_misses_none(data: st.DataObject) -> None:
    world = World()

    def pick(among: Iterable[int]) -> int:
        return data.draw(st.sampled_from(sorted(among)))

    acts = [World.begin, World.write, World.commit, World.abort, World.look, World.look]
    for act in data.draw(st.lists(st.sampled_from(acts), max_size=40)):
        act(world, pick)
    while world.running:
        world.commit(min)
    for _ in range(len(world.visible) + 2):
        world.look()
    assert sorted(world.taken) == sorted(world.visible)
    for after, before in world.positions:  # whoever goes on from there gets all that had not come
        assert all(seq > after for seq in world.visible - before)
