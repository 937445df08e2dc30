"""Writes conditions of a page so that statistics have no say in how it is read.

A page is read along the index that has its order, and ends when it is full. A planner that believes
that no more rows fit than the page may hold reads all that might fit, and sorts them: for whoever
is new, since statistics know nothing of them, and wherever it takes what fits all for rare. Of a
range (`(owner, time) < …`) whose edge it can't see, it supposes that it has a third of all rows.
"""

from collections.abc import Sequence


def unseen(parameter: str, of_type: str) -> str:
    """Return the expression of a parameter whose value the planner does not look at."""
    return f"(SELECT {parameter}::{of_type})"


def unforeseen(conditions: Sequence[str]) -> list[str]:
    """Return conditions as one, which the planner supposes to fit half of all rows.

    Where there are none, there is none.
    """
    whole = " AND ".join(f"({one})" for one in conditions)
    return [f"CASE WHEN {whole} THEN true END"] if conditions else []
