from kit.messaging.frontier import LONGEST_COMMIT_SECONDS, Frontier


def test_it_moves_on_once_all_who_wrote_at_the_time_have_ended() -> None:
    frontier = Frontier()
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.passed(seq=20, xid=105, at=0.1)
    frontier.advance(oldest_xid=100, now=0.1)
    assert frontier.after == 0
    frontier.advance(oldest_xid=101, now=0.1)
    assert frontier.after == 10
    frontier.advance(oldest_xid=106, now=0.1)
    assert frontier.after == 20


def test_a_writer_that_goes_on_for_ever_does_not_hold_it() -> None:
    frontier = Frontier()
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.advance(oldest_xid=1, now=LONGEST_COMMIT_SECONDS - 0.1)
    assert frontier.after == 0
    frontier.advance(oldest_xid=1, now=LONGEST_COMMIT_SECONDS)
    assert frontier.after == 10


def test_it_never_goes_back() -> None:
    frontier = Frontier()
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.passed(seq=5, xid=101, at=0.0)
    frontier.advance(oldest_xid=200, now=0.0)
    assert frontier.after == 10


def test_it_begins_before_every_row() -> None:
    assert Frontier().after == 0


def test_a_reading_is_passed_once() -> None:
    frontier = Frontier()
    frontier.passed(seq=10, xid=100, at=0.0)
    frontier.passed(seq=20, xid=300, at=0.0)
    frontier.advance(oldest_xid=200, now=0.0)
    frontier.advance(oldest_xid=200, now=0.0)
    assert frontier.after == 10
