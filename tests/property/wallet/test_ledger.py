"""Whatever is asked, in whatever order and however often: the ledger's rules hold."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wallet.books import (
    NOW,
    account,
    capture,
    debts,
    external,
    owed,
    place,
    release,
    transfer,
)

from kit.ids import new_id
from wallet.domain.book import Account, Book
from wallet.domain.commands import Party, Posted
from wallet.domain.hash_chain import verify_chain
from wallet.domain.posting import post

PEOPLE = 4
_who = st.integers(0, PEOPLE)  # 0 is the outside world
_amount = st.integers(-5, 400)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("transfer"), _who, _who, _amount),
        st.tuples(st.just("owe"), _who, _who, _amount),
        st.tuples(st.just("place"), _who, _who, _amount),
        st.tuples(st.just("capture"), st.integers(0, 9), _who, _amount),
        st.tuples(st.just("capture part"), st.integers(0, 9), _who, _amount),
        st.tuples(st.just("release"), st.integers(0, 9), _who, _amount),
        st.tuples(st.just("repeat"), st.integers(0, 30), _who, _amount),
        st.tuples(st.just("freeze"), _who, _who, _amount),
        st.tuples(st.just("steal"), _who, _who, _amount),
    ),
    max_size=40,
)
_cuts = st.lists(st.integers(0, 40), max_size=5)


class Story:
    """A ledger over several batches, as the service would run them."""

    def __init__(self) -> None:
        self.accounts: list[Account] = [
            external(),
            account(),
            account(),
            account(),
            account(currency="USD"),
        ]
        self.houses = [debts(), debts(currency="USD")]
        self.holds: dict[Any, Any] = {}
        self.answered: dict[Any, Any] = {}
        self.entries: list[Any] = []
        self.placed = [place(self.accounts[1], 1)]
        self.asked: list[Any] = []

    def command(self, step: tuple[str, int, int, int]) -> Any:
        kind, number, other, amount = step
        match kind:
            case "transfer" | "owe":
                made = transfer(self.accounts[number], self.accounts[other], amount)
                return made._replace(is_owed=kind == "owe")
            case "steal":
                thief = Party(self.accounts[other].owner_id, self.accounts[number].id)
                stolen = transfer(self.accounts[number], self.accounts[other], amount)
                return stolen._replace(payer=thief)
            case "place":
                self.placed.append(place(self.accounts[number], amount))
                return self.placed[-1]
            case "capture" | "capture part":
                hold_id = self.placed[number % len(self.placed)].hold_id
                made = capture(hold_id, self.accounts[other], amount)
                return made._replace(release_rest=kind == "capture part")
            case "release":
                return release(self.placed[number % len(self.placed)])
            case _:
                return self.asked[number % len(self.asked)] if self.asked else None

    def run(self, steps: list[tuple[str, int, int, int]]) -> None:
        commands = []
        for step in steps:
            if step[0] == "freeze":
                self.accounts[step[1]].is_frozen ^= True
                continue
            command = self.command(step)
            if command is not None:
                commands.append(command)
                self.asked.append(command)
        book = Book(self.accounts, self.holds.values(), self.answered, now=NOW, houses=self.houses)
        outcomes = post(book, commands)
        self.check(book, commands, outcomes)
        self.holds = book.holds
        self.answered = book.answered
        self.entries += book.entries

    def check(self, book: Book, commands: list[Any], outcomes: list[Any]) -> None:
        pairs = list(zip(commands, outcomes, strict=True))
        assert all(outcome == book.answered[c.command_id] for c, outcome in pairs)
        for row, legs in zip(book.transfers, book.legs, strict=True):
            assert sum(entry.amount_minor for entry in legs) == 0
            assert {book.accounts[entry.account_id].currency for entry in legs} == {row.currency}
        posted = {outcome.transfer_id for outcome in outcomes if isinstance(outcome, Posted)}
        assert {row.id for row in book.transfers} - book.repayments.keys() <= posted
        assert not any(one.owed_minor and one.available_minor for one in self.accounts)
        for house in self.houses:
            owing = (one.owed_minor for one in self.accounts if one.currency == house.currency)
            assert sum(owing) == -house.balance_minor
        assert all(c.amount_minor > 0 for c, outcome in pairs if isinstance(outcome, Posted))


@pytest.mark.check(47)
@given(_steps, _cuts)
def test_the_rules_hold_after_any_story(
    steps: list[tuple[str, int, int, int]], cuts: list[int]
) -> None:
    story = Story()
    edges = [0, *sorted(cuts), len(steps)]
    for begin, end in pairwise(edges):
        story.run(steps[begin:end])
    for currency in ("RUB", "USD"):
        everybody = [*story.accounts, *story.houses]
        assert sum(a.balance_minor for a in everybody if a.currency == currency) == 0
    for one in [*story.accounts, *story.houses]:
        own = [entry for entry in story.entries if entry.account_id == one.id]
        assert [entry.seq for entry in own] == list(range(1, one.seq + 1))
        assert verify_chain(own) is None
        assert sum(entry.amount_minor for entry in own) == one.balance_minor
        assert not one.has_floor or 0 <= one.held_minor <= one.balance_minor
        held = [hold for hold in story.holds.values() if hold.account_id == one.id]
        assert one.held_minor == sum(hold.remaining_minor for hold in held)
        assert all(
            hold.captured_minor >= 0 and hold.released_minor >= 0 and hold.remaining_minor >= 0
            for hold in held
        )


@given(_steps)
def test_one_batch_ends_as_many_batches_of_one_do(steps: list[tuple[str, int, int, int]]) -> None:
    alice, bob, bank, house = account(), account(), external(), debts()
    people = [bank, alice, bob]
    commands: list[Any] = []
    for kind, number, other, amount in steps:
        one, two = people[number % 3], people[other % 3]
        match kind:
            case "place":
                commands.append(place(one, amount))
            case "capture" if commands:
                hold_id = getattr(commands[number % len(commands)], "hold_id", new_id())
                commands.append(capture(hold_id, two, amount))
            case "repeat" if commands:
                commands.append(commands[number % len(commands)])
            case "owe":
                commands.append(owed(one, two, amount))
            case _:
                commands.append(transfer(one, two, amount))
    whole = Book([replace(one) for one in people], now=NOW, houses=[replace(house)])
    together = post(whole, commands)
    book = Book([replace(one) for one in people], now=NOW, houses=[replace(house)])
    apart, entries = [], []
    for command in commands:
        book = Book(
            book.accounts.values(),
            book.holds.values(),
            book.answered,
            now=NOW,
            houses=book.houses.values(),
        )
        apart += post(book, [command])
        entries += book.entries
    assert together == apart
    assert whole.accounts == book.accounts
    assert whole.holds == book.holds
    assert whole.entries == entries
