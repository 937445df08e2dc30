"""Trees of categories: what may stand where, by a walk that is too plain to be wrong."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shop.domain.categories import DEEPEST, Category, Place, decide_place
from shop.domain.imports import CatalogueRow, decide_import
from shop.refusals import CategoryCycle, CategoryTooDeep, ParentNotFound

NOW = datetime(2026, 1, 31, tzinfo=UTC)
SLUGS = [f"c-{number}" for number in range(14)]
IDS = {slug: UUID(int=place + 1) for place, slug in enumerate(SLUGS)}
Parents = dict[str, str | None]


def category(slug: str, above: str | None) -> Category:
    return Category(
        id=IDS[slug],
        name=slug,
        slug=slug,
        parent_id=None if above is None else IDS[above],
        is_active=True,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


def line(slug: str, parents: Parents) -> list[str] | None:
    """Return a category and those above it; None where it never comes to the top."""
    found = [slug]
    while (above := parents[found[-1]]) is not None:
        found.append(above)
        if len(found) > len(parents):
            return None
    return found


def is_in_circle(slug: str, parents: Parents) -> bool:
    above = parents[slug]
    for _ in parents:
        if above in (None, slug):
            break
        above = parents[above]
    return above == slug


def is_sound(parents: Parents) -> bool:
    lines = [line(slug, parents) for slug in parents]
    return all(one is not None and len(one) <= DEEPEST for one in lines)


@st.composite
def trees(draw: st.DrawFn) -> Parents:
    """Draw a sound tree, rather deep than broad."""
    parents: Parents = {}
    for slug in SLUGS[: draw(st.integers(0, len(SLUGS)))]:
        may = [one for one in parents if len(line(one, parents) or ()) < DEEPEST]
        parents[slug] = draw(st.sampled_from([None, *may, *may[-1:] * len(may)]))
    return parents


def place(slug: str, above: str | None, parents: Parents) -> Place:
    """Return where a category would stand, as the repository reads it from what is stored."""
    upper: list[str] = [] if above is None else line(above, parents) or []
    lines = [one for one in (line(other, parents) for other in parents) if one and slug in one]
    levels = max((one.index(slug) for one in lines), default=0)
    return Place([IDS[one] for one in upper], levels)


@given(parents=trees(), moves=st.lists(st.tuples(st.sampled_from(SLUGS), st.sampled_from(SLUGS))))
def test_a_category_moves_exactly_where_the_tree_stays_sound(
    parents: Parents, moves: list[tuple[str, str]]
) -> None:
    for slug, above in moves:
        if slug not in parents or above not in parents:
            continue
        moved = {**parents, slug: above}
        try:
            decide_place(category(slug, above), place(slug, above, parents))
        except CategoryCycle:
            assert is_in_circle(slug, moved)
        except CategoryTooDeep:
            assert not is_in_circle(slug, moved)
            assert not is_sound(moved)
        else:
            assert is_sound(moved)
            parents = moved


@given(parents=trees(), slug=st.sampled_from(SLUGS))
def test_below_what_does_not_exist_nothing_stands(parents: Parents, slug: str) -> None:
    one = category(slug, "c-0")
    try:
        decide_place(one, Place())
    except ParentNotFound:
        return
    raise AssertionError(parents)


@given(
    parents=trees(),
    wanted=st.dictionaries(st.sampled_from(SLUGS), st.sampled_from(SLUGS), max_size=10),
)
def test_an_import_is_taken_exactly_where_the_tree_stays_sound(
    parents: Parents, wanted: dict[str, str]
) -> None:
    known = {*parents, *wanted}
    rows = [CatalogueRow("category", slug, above, {"name": slug}) for slug, above in wanted.items()]
    stored = {slug: category(slug, above) for slug, above in parents.items()}
    decided = decide_import(rows, stored, {}, NOW)
    unknown = [number for number, above in enumerate(wanted.values()) if above not in known]
    if unknown:
        assert [(one.row, one.reason) for one in decided.faults] == [
            (number, "unknown_category") for number in unknown
        ]
        return
    after: Parents = {**parents, **wanted}
    faults: dict[str, Any] = {"cycle": set(), "too_deep": set()}
    for fault in decided.faults:
        faults[fault.reason].add(rows[fault.row].slug)
    assert bool(decided.faults) == (not is_sound(after))
    assert faults["cycle"] == {slug for slug in wanted if is_in_circle(slug, after)}
    for slug in faults["too_deep"]:
        lines = [one for one in (line(other, after) for other in after) if one and slug in one]
        assert not lines or max(map(len, lines)) > DEEPEST
    if not decided.faults:
        moved = {one.slug: one.parent_id for one in decided.categories}
        by_id = {one.id: one.slug for one in (*stored.values(), *decided.categories)}
        assert {s: p and by_id[p] for s, p in moved.items()} == {
            slug: above for slug, above in wanted.items() if parents.get(slug, "") != above
        }
