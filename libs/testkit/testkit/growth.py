"""Measures whether reading a text takes longer than its length asks for."""

import time
from collections.abc import Callable
from typing import Final

# Four times the text takes four times as long, and sixteen where it is gone over again and again.
_MOST_GROWTH: Final = 9
# What is over in a moment can't be told apart from nothing.
_MOMENT_SECONDS: Final = 0.02


def grows_with_its_text(read: Callable[[str], object], bit: str, longest: int = 50_000) -> bool:
    """Tell whether four times as many of a bit take about four times as long to read.

    The processor's time of this thread counts, so that others on the machine do not; what disturbs
    it all the same does not do so three times.
    """
    short, long = (bit * (length // len(bit)) for length in (longest // 4, longest))
    return any(_grows(read, short, long) for _ in range(3))


def _grows(read: Callable[[str], object], short: str, long: str) -> bool:
    seconds = _seconds(read, long)
    return seconds < _MOMENT_SECONDS or seconds < _MOST_GROWTH * _seconds(read, short)


def _seconds(read: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    read(text)
    return time.thread_time() - began
