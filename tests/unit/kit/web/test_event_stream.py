"""kit.web.event_stream: what is written between a server and a browser (WHATWG HTML §9.2)."""

from kit.web.event_stream import event, moved, named


def test_an_event_says_from_where_to_resume_after_it() -> None:
    assert event(b'{"n":1}', 7) == b'id: 7\ndata: {"n":1}\n\n'


def test_the_position_moves_on_without_an_event() -> None:
    assert moved(8) == b"id: 8\n\n"


def test_an_event_may_be_its_name_alone() -> None:
    assert named("lagging", 9) == b"event: lagging\nid: 9\ndata: {}\n\n"
