"""Whatever a provider takes and gives back, in any order: each bears what is theirs to bear."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from payments.domain.cards.recoveries import ChargeStanding, Claim, Source, decide_moves

CAME = 100
CLAIMS = [UUID(int=place) for place in range(1, 4)]
# What changes: the claim of a place is taken with a sum, or given back; refunds of ours are asked
# for, done or refused; the money is learnt to have come, and to have been posted.
CHANGES = st.one_of(
    st.tuples(st.just("taken"), st.integers(0, 2), st.integers(0, 120)),
    st.tuples(st.just("refund"), st.just(0), st.integers(1, CAME)),
    st.tuples(st.sampled_from(["done", "refused", "came", "posted"]), st.just(0), st.just(0)),
)


class Books:
    """The facts of a charge, and what was moved for it."""

    def __init__(self) -> None:
        self.came = self.got = self.asked = self.done = 0
        self.taken = [0, 0, 0]
        self.moved: dict[tuple[UUID, Source], int] = {}

    def change(self, what: str, place: int, minor: int) -> None:
        match what:
            case "taken":
                self.taken[place] = 0 if self.taken[place] else minor
            case "refund" if minor <= self.got - self.asked - self.done - sum(self.taken):
                self.asked += minor
            case "done":
                self.done, self.asked = self.done + self.asked, 0
            case "refused":
                self.asked = 0
            case "came":
                self.came = CAME
            case "posted":
                self.got = self.came

    def settle(self) -> int:
        """Do what is decided; returns how many moves that were."""
        claims = [
            Claim(
                id=one,
                taken_minor=minor,
                collected_minor=self.moved.get((one, Source.PAYEE), 0),
                borne_minor=self.moved.get((one, Source.HOUSE), 0),
            )
            for one, minor in zip(CLAIMS, self.taken, strict=True)
        ]
        stands = ChargeStanding(
            came_minor=self.came,
            got_minor=self.got,
            ours_minor=self.asked + self.done,
            gone_minor=self.done,
            claims=claims,
        )
        moves = decide_moves(stands)
        for move in moves:
            key = move.claim_id, move.source
            self.moved[key] = self.moved.get(key, 0) + move.minor
            assert self.moved[key] >= 0
        return len(moves)

    def of(self, source: Source) -> int:
        return sum(minor for (_, whose), minor in self.moved.items() if whose is source)


@given(st.lists(CHANGES, max_size=25))
def test_the_payee_loses_what_was_theirs_at_most_and_the_house_what_nobody_covers(
    changes: list[tuple[str, int, int]],
) -> None:
    books = Books()
    for change in changes:
        books.change(*change)
        books.settle()
        assert books.settle() == 0
        ours, taken = books.asked + books.done, sum(books.taken)
        collected, borne = books.of(Source.PAYEE), books.of(Source.HOUSE)
        assert collected == min(taken, max(0, books.got - ours))
        assert borne == (max(0, books.done + taken - books.came) if books.came else 0)
        assert collected + ours <= books.got or books.got == 0
        for place, one in enumerate(CLAIMS):
            moved = [books.moved.get((one, source), 0) for source in Source]
            assert sum(moved) <= books.taken[place]


@given(st.lists(CHANGES, max_size=12))
def test_what_is_moved_in_the_end_does_not_depend_on_when_it_was_decided(
    changes: list[tuple[str, int, int]],
) -> None:
    at_once, late = Books(), Books()
    for change in changes:
        at_once.change(*change)
        at_once.settle()
        late.change(*change)
    late.settle()
    for source in Source:
        assert at_once.of(source) == late.of(source)
