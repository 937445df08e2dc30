"""Finds the known path that a mistyped one is near. Pure.

It names no path but those that it was given.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

# Comparing takes time in the square of the length, and nobody mistypes longer paths.
LONGEST_PATH: Final = 120
NEAR_ENOUGH: Final = 0.8

_PREFIX: Final = "/v1"


class PathSuggestions:
    """Compares an unknown path with the known ones, their parameters in braces."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._known = [(path, path.split("/")) for path in sorted(set(paths))]

    def near(self, path: str) -> str | None:
        """Return the nearest known path; None where none is near, or where it is known."""
        if len(path) > LONGEST_PATH:
            return None
        path = path.rstrip("/")
        if any(_fits(segments, path.split("/")) for _, segments in self._known):
            return None
        given = path.lower()
        compared = [given]
        if not given.startswith(f"{_PREFIX}/"):
            compared.append(_PREFIX + given.removeprefix("/api").removeprefix(_PREFIX))
        best = max(
            (
                (_likeness(segments, one.split("/")), path)
                for path, segments in self._known
                for one in compared
            ),
            default=(0.0, ""),
        )
        return best[1] if best[0] >= NEAR_ENOUGH else None


def _fits(known: list[str], given: list[str]) -> bool:
    """Tell whether a path is a known one, with ids for parameters."""
    return len(known) == len(given) and all(
        _has_digit(one) if segment.startswith("{") else one == segment
        for segment, one in zip(known, given, strict=True)
    )


def _likeness(known: list[str], given: list[str]) -> float:
    """Return how alike two paths are, 0 to 1, in their literal parts.

    A parameter stands for an id, which has a digit: a mistyped word is no id.
    """
    places = [place for place, segment in enumerate(known) if segment.startswith("{")]
    if places and len(known) != len(given):
        return 0.0
    if not all(_has_digit(given[place]) for place in places):
        return 0.0
    mine = "/".join(segment for place, segment in enumerate(known) if place not in places)
    theirs = "/".join(segment for place, segment in enumerate(given) if place not in places)
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    if matcher.real_quick_ratio() < NEAR_ENOUGH or matcher.quick_ratio() < NEAR_ENOUGH:
        return 0.0
    return matcher.ratio()


def _has_digit(segment: str) -> bool:
    return any(character.isdigit() for character in segment)
