"""Packing loses nothing, adds nothing, and never lets a subject's messages overtake each other."""

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from kit.messaging import cloudevents
from kit.messaging.packing import MAX_BYTES, MAX_EVENTS, Row, parcels
from kit.messaging.topology import COMMANDS, REPLIES

ROUTES = [
    ("kit.events", "told"),
    ("kit.events", "sung"),
    (COMMANDS, "wallet"),
    (REPLIES, "payments"),
]


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    kinds = st.tuples(
        st.sampled_from(ROUTES), st.sampled_from("abcde"), st.sampled_from((1, 10_000, MAX_BYTES))
    )
    drawn = draw(st.lists(kinds, max_size=60))
    return [
        Row(n, *route, (subject,), b"x" * size) for n, (route, subject, size) in enumerate(drawn)
    ]


@given(rows())
def test_every_row_travels_once_by_its_own_route(given_rows: list[Row]) -> None:
    made = parcels(given_rows)
    travelled = [row for parcel in made for row in parcel.rows]
    assert sorted(travelled) == given_rows
    for parcel in made:
        assert len({(row.exchange, row.routing_key) for row in parcel.rows}) == 1


@given(rows())
def test_parcels_keep_their_limits(given_rows: list[Row]) -> None:
    for parcel in parcels(given_rows):
        assert 1 <= parcel.count <= MAX_EVENTS
        assert len(parcel.rows) == 1 or sum(len(row.body) for row in parcel.rows) <= MAX_BYTES


@given(rows())
def test_rows_of_a_subject_keep_their_order(given_rows: list[Row]) -> None:
    travelled: dict[str, list[int]] = defaultdict(list)
    for parcel in parcels(given_rows):
        for row in parcel.rows:
            travelled[row.subjects[0]].append(row.number)
    for seqs in travelled.values():
        assert seqs == sorted(seqs)


@given(rows())
def test_rows_of_subjects_of_their_own_pack_as_tightly_as_their_routes_allow(
    given_rows: list[Row],
) -> None:
    small = [row._replace(subjects=(str(row.number),), body=b"x") for row in given_rows]
    assert len(parcels(small)) == len({(row.exchange, row.routing_key) for row in small})


messages = st.lists(st.tuples(st.sampled_from(ROUTES), st.sampled_from("abcde")), max_size=60)


def single(number: int, route: tuple[str, str], subject: str) -> Row:
    return Row(0, *route, (subject,), str(number).encode())


def packed(drawn: Sequence[tuple[tuple[str, str], str]], unit: int) -> list[Row]:
    """Return messages as the rows that units of work of so many messages each make of them."""
    singles = [single(number, *one) for number, one in enumerate(drawn)]
    units = [singles[at : at + unit] for at in range(0, len(singles), unit)]
    rows = [parcel.row() for one in units for parcel in parcels(one)]
    return [row._replace(number=number) for number, row in enumerate(rows, 1)]


@given(messages, st.integers(1, 60))
def test_packs_travel_packed_again_in_their_subjects_order(
    drawn: list[tuple[tuple[str, str], str]], unit: int
) -> None:
    travelled = []
    for parcel in parcels(packed(drawn, unit)):
        sent, row = parcel.publication(), parcel.row()
        there = cloudevents.unpack(sent.body, sent.content_type)
        assert there == row.messages()
        for subject, message in zip(row.subjects, there, strict=True):
            assert drawn[int(message)] == ((sent.exchange, sent.routing_key), subject)
            travelled.append(int(message))
    assert sorted(travelled) == list(range(len(drawn)))
    for subject in "abcde":
        of_subject = [number for number in travelled if drawn[number][1] == subject]
        assert of_subject == sorted(of_subject)


@given(messages, st.integers(1, 60), st.sets(st.sampled_from("abcde")))
def test_a_row_is_split_into_what_may_go_and_what_is_held(
    drawn: list[tuple[tuple[str, str], str]], unit: int, held: set[str]
) -> None:
    for row in packed(drawn, unit):
        told = list(zip(row.subjects, row.messages(), strict=True))
        parts = row.split(held)
        for part, is_held in zip(parts, (False, True), strict=True):
            wanted = [one for one in told if (one[0] in held) == is_held]
            found = part and list(zip(part.subjects, part.messages(), strict=True))
            assert (found or []) == wanted
            assert part is None or part[:3] == row[:3]
