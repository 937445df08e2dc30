import orjson

from kit.messaging import cloudevents
from kit.messaging.broker import Publication
from kit.messaging.packing import MAX_BYTES, MAX_EVENTS, Parcel, Row, parcels
from kit.messaging.topology import COMMANDS
from testkit.toys import row

TOLD = ("kit.events", "told")
SUNG = ("kit.events", "sung")
TO_WALLET = (COMMANDS, "wallet")


def seqs(made: list[Parcel]) -> list[list[int]]:
    return [[one.number for one in parcel.rows] for parcel in made]


def test_a_lone_event_goes_as_itself() -> None:
    (parcel,) = parcels([row(1)])
    assert parcel.publication() == Publication(
        *TOLD, body=b"1", content_type=cloudevents.SINGLE, mandatory=False
    )


def test_several_events_of_one_route_go_as_one_batch() -> None:
    (parcel,) = parcels([row(1), row(2), row(3)])
    publication = parcel.publication()
    assert orjson.loads(publication.body) == [1, 2, 3]
    assert publication.content_type == cloudevents.BATCH
    assert (publication.exchange, publication.routing_key) == TOLD


def test_only_commands_and_replies_are_mandatory() -> None:
    made = parcels([row(1, TO_WALLET), row(2, ("saldo.replies", "payments")), row(3, TOLD)])
    assert [parcel.publication().mandatory for parcel in made] == [True, True, False]


def test_rows_of_other_routes_in_between_do_not_break_a_parcel() -> None:
    made = parcels(
        [row(1, TOLD, "a"), row(2, TO_WALLET, "b"), row(3, TOLD, "c"), row(4, TO_WALLET, "d")]
    )
    assert seqs(made) == [[1, 3], [2, 4]]


def test_a_subject_keeps_its_order_across_routes() -> None:
    made = parcels([row(1, TOLD, "a"), row(2, SUNG, "a"), row(3, TOLD, "a"), row(4, SUNG, "b")])
    assert seqs(made) == [[1], [2, 4], [3]]


def test_a_parcel_holds_no_more_than_the_most_events() -> None:
    made = parcels(row(n) for n in range(2 * MAX_EVENTS + 1))
    assert [len(parcel.rows) for parcel in made] == [MAX_EVENTS, MAX_EVENTS, 1]


def test_a_parcel_holds_no_more_than_the_most_bytes() -> None:
    half = b"x" * (MAX_BYTES // 2)
    made = parcels(Row(n, *TOLD, ["1"], half) for n in range(5))
    assert [len(parcel.rows) for parcel in made] == [2, 2, 1]


def test_a_parcel_is_filled_to_its_last_byte() -> None:
    rows = [Row(1, *TOLD, ["1"], b"x" * (MAX_BYTES - 2)), row(2), row(3), row(4)]
    assert seqs(parcels(rows)) == [[1, 2, 3], [4]]


def test_a_row_larger_than_a_parcel_goes_alone() -> None:
    huge = b"x" * (MAX_BYTES + 1)
    rows = [row(1), Row(2, *TOLD, ["1"], huge), row(3)]
    assert seqs(parcels(rows)) == [[1], [2], [3]]


def pack(*rows: Row) -> Row:
    (parcel,) = parcels(rows)
    return parcel.row()


def test_a_pack_is_sent_as_it_is_stored_and_one_row_as_it_came() -> None:
    stored = pack(row(1), row(2, subject="2"))
    assert stored == Row(0, *TOLD, ["1", "2"], b"[1,2]")
    (parcel,) = parcels([stored])
    assert parcel.publication().body is stored.body
    assert pack(row(1)) == row(1)


def test_packs_are_joined_with_what_else_goes_their_way() -> None:
    publication = parcels([pack(row(1), row(2)), row(3), pack(row(4), row(5))])[0].publication()
    assert publication.body == b"[1,2,3,4,5]"
    assert publication.content_type == cloudevents.BATCH


def test_the_messages_of_packs_are_counted() -> None:
    halves = [pack(*(row(n) for n in range(MAX_EVENTS // 2))) for _ in range(3)]
    assert [parcel.count for parcel in parcels(halves)] == [MAX_EVENTS, MAX_EVENTS // 2]


def test_a_pack_overtakes_no_row_of_any_of_its_subjects() -> None:
    both = pack(row(3, TOLD, "b"), row(4, TOLD, "a"))._replace(number=3)
    made = parcels([row(1, TOLD, "a"), row(2, SUNG, "a"), both])
    assert seqs(made) == [[1], [2], [3]]


def test_nothing_packs_into_nothing() -> None:
    assert parcels([]) == []
