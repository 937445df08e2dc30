"""Charts are whole files of their own: readable by everybody, and harmless."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from xml.etree.ElementTree import Element, fromstring

import pytest

from finance.charts.charts import (
    MOST_BARS,
    MOST_CATEGORIES,
    MOST_POINTS,
    Frame,
    Slice,
    draw_categories,
    draw_net_worth,
    draw_series,
)
from finance.charts.words import amount_text, days_text, tick_text
from finance.domain.dates.calendar import Days, Granularity, buckets
from finance.domain.reports.shares import shares_of
from kit.refusals import Language

SVG = "{http://www.w3.org/2000/svg}"
NOVEMBER = Days(date(2026, 11, 1), date(2026, 11, 30))
HOSTILE = '<script>alert(1)</script>&"'
DAY = Granularity.DAY


def parsed(chart: bytes) -> Element:
    return fromstring(chart)  # noqa: S314 - our own


def frame(language: Language = "en", days: Days = NOVEMBER, currency: str = "RUB") -> Frame:
    return Frame(currency, days, language)


def series(of: Frame, income: int = 100, expense: int = 50) -> bytes:
    spans = list(buckets(of.days, DAY))
    return draw_series(of, DAY, spans, [income for _ in spans], [expense for _ in spans])


def worth(of: Frame, minor: int = -100) -> bytes:
    spans = list(buckets(of.days, DAY))
    return draw_net_worth(of, DAY, spans, [minor for _ in spans])


def categories(of: Frame, *names: str | None) -> bytes:
    amounts = range(100, 100 + len(names))
    slices = map(Slice, names, amounts, shares_of(amounts))
    return draw_categories(of, "expense", list(slices))


def texts(chart: bytes) -> list[str]:
    return [one.text or "" for one in parsed(chart).iter() if one.tag != f"{SVG}desc" and one.text]


def all_charts(of: Frame) -> list[Element]:
    drawn = [
        series(of),
        series(of, 0, 0),
        worth(of),
        worth(of, 0),
        categories(of),
        categories(of, HOSTILE, None),
        categories(of, *(f"C{number}" for number in range(40))),
    ]
    return [parsed(one) for one in drawn]


LONGEST = Days(date(2025, 1, 1), date(2025, 1, 1) + timedelta(days=MOST_POINTS - 1))
ONE_DAY = Days(date(2026, 11, 5), date(2026, 11, 5))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("days", [NOVEMBER, LONGEST, ONE_DAY])
def test_a_chart_holds_nothing_that_a_policy_refuses(language: Language, days: Days) -> None:
    for root in all_charts(frame(language, days)):
        tags = {one.tag.removeprefix(SVG) for one in root.iter()}
        assert not tags & {"script", "a", "image", "foreignObject", "use", "iframe"}
        names = {name for one in root.iter() for name in one.attrib}
        assert not {name for name in names if name.startswith("on") or "href" in name}
        style = "".join(one.text or "" for one in root.iter(f"{SVG}style"))
        assert "url(" not in style
        assert "@import" not in style


@pytest.mark.parametrize("days", [NOVEMBER, LONGEST, ONE_DAY])
def test_a_chart_says_what_it_is_to_those_who_cannot_see_it(days: Days) -> None:
    for root in all_charts(frame(days=days)):
        told = {one.attrib.get("id"): one.text for one in root}
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-labelledby"] == "title desc"
        assert "RUB" in (told["title"] or "")
        assert (told["desc"] or "").endswith(".")


def test_a_chart_is_for_light_and_for_dark() -> None:
    [style] = [one.text or "" for one in parsed(series(frame())).iter(f"{SVG}style")]
    named = set(re.findall(r"var\(--(\w+)\)", style))
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    assert named
    for name in named:
        assert f"--{name}:#" in light
        assert f"--{name}:#" in dark


@pytest.mark.parametrize("draw", [series, worth, lambda of: categories(of, "A", None)])
def test_a_chart_is_the_same_bytes_each_time(draw: Callable[[Frame], bytes]) -> None:
    assert draw(frame()) == draw(frame())


def test_what_people_call_a_category_stays_text() -> None:
    assert HOSTILE in texts(categories(frame(), HOSTILE))


@pytest.mark.parametrize(
    ("language", "figure"), [("en", "1.00 · 100.00 %"), ("ru", "1,00 · 100,00 %")]
)
def test_a_bar_has_its_amount_and_share_beside_it(language: Language, figure: str) -> None:
    assert figure in texts(categories(frame(language), "A"))


def test_no_line_crosses_what_stands_beside_the_bars() -> None:
    """Guides are upright: those along the bars would go through amounts and shares."""
    guides = [
        one.attrib["d"]
        for one in parsed(categories(frame(), "A", "B", "C")).iter(f"{SVG}path")
        if "guide" in one.attrib.get("class", "")
    ]
    assert guides
    assert not [path for path in guides if " h" in path]


def test_long_names_are_cut_off() -> None:
    shown = texts(categories(frame(), "x" * 200))
    assert [text for text in shown if text.startswith("xxx")] == ["x" * 27 + "…"]


def test_small_categories_are_put_together() -> None:
    names = [f"C{number}" for number in range(MOST_CATEGORIES + 5)]
    shown = texts(categories(frame(), *names))
    assert "Other (6)" in shown
    assert [text for text in shown if text in names] == names[6:]


@pytest.mark.parametrize(
    ("language", "nothing"),
    [("en", "Nothing in this period"), ("ru", "За этот период ничего нет")],
)
def test_an_empty_chart_says_so(language: Language, nothing: str) -> None:
    assert nothing in texts(categories(frame(language)))
    assert nothing in texts(series(frame(language), 0, 0))


def test_charts_speak_russian() -> None:
    shown = " ".join(texts(series(frame("ru"))))
    assert "Доходы и расходы, RUB, 1 – 30 ноя 2026" in shown
    assert "1 ноя 4 ноя 7 ноя" in shown  # there is room for every third day


def test_many_days_are_a_line_and_few_are_bars() -> None:
    few = Days(NOVEMBER.first, NOVEMBER.first + timedelta(days=MOST_BARS - 1))
    assert f"{SVG}rect" in {one.tag for one in parsed(series(frame(days=few))).iter()}
    bars = parsed(series(frame(days=few))).findall(f".//{SVG}g[@class='bars']")
    lines = parsed(series(frame(days=LONGEST))).findall(f".//{SVG}g[@class='bars']")
    assert (len(bars), len(lines)) == (2, 0)


def test_a_line_is_thick_enough_to_be_seen() -> None:
    chart = series(frame(days=LONGEST)).decode()
    assert ".line.reactive{stroke-width:2.5;" in chart  # nearer than pygal's `.reactive`
    drawn = [one.get("class") for one in parsed(chart.encode()).iter(f"{SVG}path")]
    assert drawn.count("line reactive nofill") == 2


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (1234567, "RUB", "en", "12,345.67"),
        (1234567, "RUB", "ru", "12\u202f345,67"),
        (-5, "RUB", "en", "\u22120.05"),
        (-5, "RUB", "ru", "\u22120,05"),
        (1500, "JPY", "en", "1,500"),
        (1500, "KWD", "ru", "1,500"),
    ],
)
def test_amounts_are_written_as_people_read_them(
    minor: int, currency: str, language: Language, text: str
) -> None:
    assert amount_text(minor, currency, language) == text


@pytest.mark.parametrize(
    ("value", "en", "ru"),
    [
        (0, "0", "0"),
        (0.5, "0.5", "0,5"),
        (150, "150", "150"),
        (1500, "1.5K", "1,5 тыс."),
        (-2_000_000, "\u22122M", "\u22122 млн"),
        (40e9, "40B", "40 млрд"),
        (1e12, "1T", "1 трлн"),
    ],
)
def test_figures_of_an_axis_are_short(value: float, en: str, ru: str) -> None:
    assert (tick_text(value, "en"), tick_text(value, "ru")) == (en, ru)


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2026-11-05", "2026-11-05", "5 Nov 2026"),
        ("2026-11-01", "2026-11-30", "1 – 30 Nov 2026"),
        ("2026-01-01", "2026-12-31", "1 Jan – 31 Dec 2026"),
        ("2025-11-01", "2026-11-30", "1 Nov 2025 – 30 Nov 2026"),
    ],
)
def test_a_title_names_its_range(first: str, last: str, text: str) -> None:
    assert days_text(Days(date.fromisoformat(first), date.fromisoformat(last)), "en") == text
