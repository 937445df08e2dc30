"""Packing loses nothing, adds nothing, and never lets a subject's rows overtake each other."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from kit.messaging.outbox import COMMANDS, REPLIES, Row
from kit.messaging.packing import MAX_BYTES, MAX_EVENTS, parcels

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
        Row(seq, *route, subject, b"x" * size) for seq, (route, subject, size) in enumerate(drawn)
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
        assert 1 <= len(parcel.rows) <= MAX_EVENTS
        assert len(parcel.rows) == 1 or sum(len(row.body) for row in parcel.rows) <= MAX_BYTES


@given(rows())
def test_rows_of_a_subject_keep_their_order(given_rows: list[Row]) -> None:
    travelled: dict[str, list[int]] = defaultdict(list)
    for parcel in parcels(given_rows):
        for row in parcel.rows:
            travelled[row.subject].append(row.seq)
    for seqs in travelled.values():
        assert seqs == sorted(seqs)


@given(rows())
def test_rows_of_subjects_of_their_own_pack_as_tightly_as_their_routes_allow(
    given_rows: list[Row],
) -> None:
    small = [row._replace(subject=str(row.seq), body=b"x") for row in given_rows]
    assert len(parcels(small)) == len({(row.exchange, row.routing_key) for row in small})
