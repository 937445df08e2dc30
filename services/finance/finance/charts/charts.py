"""Draws income and expense over time, categories by size, and net worth over time.

Drawing takes some milliseconds of CPU: it is done in a thread, off the loop.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from finance.charts.look import config, drawing, rendered
from finance.charts.words import (
    amount_text,
    bucket_label,
    days_text,
    share_text,
    tick_text,
    words,
)
from finance.domain.dates.calendar import Days, Granularity
from finance.domain.reports.shares import percent
from kit.money import CURRENCIES
from kit.refusals import Language

if TYPE_CHECKING:
    from pygal.graph.graph import Graph

MOST_POINTS: Final = 400
MOST_BARS: Final = 40  # beyond it bars are too thin to be told apart
MOST_CATEGORIES: Final = 10
_MOST_LABELS: Final = 12
_SHORT_LABEL: Final = 6  # characters
_MOST_LONG_LABELS: Final = 8
_LONGEST_NAME: Final = 28
_ROOM_FOR_FIGURES: Final = 1.4  # of the longest bar, for what is written after it


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chart is of."""

    currency: str
    days: Days
    language: Language

    def title(self, subject: str) -> str:
        """Return the title of the chart of a subject."""
        return f"{subject}, {self.currency}, {days_text(self.days, self.language)}"

    def height_of(self, minor: int) -> float:
        """Return an amount as the height that it is drawn with; never written as a figure."""
        scale: int = 10 ** CURRENCIES[self.currency]
        return minor / scale

    def figure(self, of: "Slice") -> str:
        """Return amount and share of a category, as they stand beside its bar."""
        return f"{self.amount(of.amount_minor)} · {share_text(of.share, self.language)}"

    def amount(self, minor: int) -> str:
        """Return an amount as a figure of the chart."""
        return amount_text(minor, self.currency, self.language)


@dataclass(frozen=True, slots=True)
class Slice:
    """A category of a chart: its name, if any, amount, and share in per cent."""

    name: str | None
    amount_minor: int
    share: str


def draw_series(
    frame: Frame,
    by: Granularity,
    spans: Sequence[Days],
    income: Sequence[int],
    expense: Sequence[int],
) -> bytes:
    """Return income and expense for each of MOST_POINTS spans at most."""
    told = words(frame.language)
    is_empty = not any(income) and not any(expense)
    graph = _over_time(frame, told.series, by, spans, ("income", "expense"), is_empty=is_empty)
    for name, minors in ((told.income, income), (told.expense, expense)):
        graph.add(name, [] if is_empty else [frame.height_of(minor) for minor in minors])
    sums = f"{told.income} {frame.amount(sum(income))}; {told.expense} {frame.amount(sum(expense))}"
    return rendered(graph, f"{frame.title(told.series)}: {sums}.")


def draw_net_worth(
    frame: Frame, by: Granularity, spans: Sequence[Days], worth: Sequence[int]
) -> bytes:
    """Return net worth at the end of each of MOST_POINTS spans at most."""
    told = words(frame.language)
    graph = _over_time(frame, told.net_worth, by, spans, ("income",), is_line=True)
    graph.add(told.net_worth, [frame.height_of(minor) for minor in worth])
    last = frame.amount(worth[-1]) if worth else told.nothing
    return rendered(graph, f"{frame.title(told.net_worth)}: {last}.")


def draw_categories(frame: Frame, kind: str, slices: Sequence[Slice]) -> bytes:
    """Return categories of a type, the largest on top; small ones are put together."""
    told = words(frame.language)
    subject = told.by_category[kind]
    shown = _gathered(slices, told.other)
    sizes = [one.amount_minor for one in shown]
    graph = drawing().HorizontalBar(
        config(
            frame.title(subject),
            told.nothing,
            (kind,),
            show_legend=False,
            print_values=True,
            print_values_position="top",
            x_value_formatter=lambda value: tick_text(value, frame.language),
            value_formatter=lambda value: tick_text(value, frame.language),
            show_x_labels=bool(shown),
            show_x_guides=False,  # along the bars, across what stands beside them
            show_y_guides=bool(shown),
            range=(0, _ROOM_FOR_FIGURES * max(map(frame.height_of, sizes))) if sizes else None,
            max_scale=6,
        )
    )
    named = [(_named(one.name, told.uncategorised), one) for one in shown]
    # The first bar is drawn at the bottom.
    graph.x_labels = [name for name, _ in reversed(named)]
    graph.add(
        subject,
        [
            {
                "value": frame.height_of(one.amount_minor),
                "formatter": _always(frame.figure(one)),
            }
            for _, one in reversed(named)
        ],
    )
    listed = "; ".join(f"{name} {frame.amount(one.amount_minor)}" for name, one in named)
    return rendered(graph, f"{frame.title(subject)}: {listed or told.nothing}.")


def _over_time(  # noqa: PLR0913 - one for each thing that charts over time differ by
    frame: Frame,
    subject: str,
    by: Granularity,
    spans: Sequence[Days],
    colours: tuple[str, ...],
    *,
    is_line: bool = False,
    is_empty: bool = False,
) -> "Graph":
    is_line = len(spans) > (1 if is_line else MOST_BARS)
    shape = drawing().Line if is_line else drawing().Bar
    graph = shape(
        config(
            frame.title(subject),
            words(frame.language).nothing,
            colours,
            show_legend=len(colours) > 1,
            legend_at_bottom=True,
            legend_at_bottom_columns=len(colours),
            show_dots=False,
            fill=is_line and len(colours) == 1,
            value_formatter=lambda value: tick_text(value, frame.language),
            show_y_labels=not is_empty,
            show_y_guides=not is_empty,
            include_x_axis=True,
            max_scale=8,
        )
    )
    graph.x_labels = _labels(frame, by, spans)
    return graph


def _labels(frame: Frame, by: Granularity, spans: Sequence[Days]) -> list[str]:
    """Return a label for each span; empty ones between, where not all have room."""
    has_year = frame.days.first.year != frame.days.last.year
    labels = [bucket_label(one, by, frame.language, has_year=has_year) for one in spans]
    room = _MOST_LABELS if max(map(len, labels), default=0) <= _SHORT_LABEL else _MOST_LONG_LABELS
    every = max(1, -(-len(labels) // room))
    return [label if place % every == 0 else "" for place, label in enumerate(labels)]


def _gathered(slices: Sequence[Slice], other: str) -> list[Slice]:
    """Return the largest categories, and the others as one."""
    shown = sorted(slices, key=lambda one: -one.amount_minor)
    if len(shown) <= MOST_CATEGORIES:
        return shown
    head, rest = shown[: MOST_CATEGORIES - 1], shown[MOST_CATEGORIES - 1 :]
    share = sum(int(one.share.replace(".", "")) for one in rest)
    amount = sum(one.amount_minor for one in rest)
    return [*head, Slice(f"{other} ({len(rest)})", amount, percent(share))]


def _named(name: str | None, otherwise: str) -> str:
    if name is None:
        return otherwise
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _always(text: str) -> Callable[[float], str]:
    return lambda _: text
