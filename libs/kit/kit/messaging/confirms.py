"""Keeps what became of published messages, until it is known of a whole window.

No I/O. What no queue takes comes back before it is confirmed (RabbitMQ, publisher confirms).
"""

import asyncio

from kit.messaging.broker import PublishOutcome
from kit.messaging.frames import Confirmation


class Window:
    """Messages that were published together, and what became of them."""

    def __init__(self, numbers: range) -> None:
        self.numbers = numbers
        self.outcomes: dict[int, PublishOutcome] = {}
        self.all_known: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = len(numbers)
        if not numbers:
            self.all_known.set_result(None)

    async def whole(self) -> list[PublishOutcome]:
        """Wait for the last confirmation; raises what the channel ended with."""
        await self.all_known
        return [self.outcomes[number] for number in self.numbers]

    def note(self, number: int, outcome: PublishOutcome) -> None:
        """Note what was confirmed; what had come back before stays returned."""
        self.outcomes.setdefault(number, outcome)
        self._open -= 1
        if not self._open and not self.all_known.done():
            self.all_known.set_result(None)


class Confirms:
    """Awaits the confirmations of a channel, by the numbers of its messages from 1."""

    def __init__(self) -> None:
        self.next_number = 1
        self._open: dict[int, Window] = {}

    def expect(self, count: int) -> Window:
        """Await the confirmations of so many messages, which have been published now."""
        window = Window(range(self.next_number, self.next_number + count))
        self.next_number += count
        self._open |= dict.fromkeys(window.numbers, window)
        return window

    def take_back(self, number: int) -> None:
        """Note what no queue took; its confirmation comes later."""
        if window := self._open.get(number):
            window.outcomes[number] = PublishOutcome.RETURNED

    def confirm(self, said: Confirmation) -> None:
        """Note what the broker has taken, or hasn't."""
        outcome = PublishOutcome.CONFIRMED if said.is_taken else PublishOutcome.RETURNED
        numbers = [said.number]
        if said.is_of_all:
            numbers = [number for number in self._open if number <= said.number]
        for number in numbers:
            if window := self._open.pop(number, None):
                window.note(number, outcome)

    def fail(self, error: BaseException) -> None:
        """Tell all who wait that no more will be known."""
        for window in set(self._open.values()):
            if not window.all_known.done():
                window.all_known.set_exception(error)
        self._open.clear()
