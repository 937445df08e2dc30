from kit.messaging.undeliverable import LAST_PAUSE_SECONDS, Undeliverable


def test_a_blocked_subject_is_left_alone_for_its_pause() -> None:
    undeliverable = Undeliverable()
    undeliverable.block(["a", "a"], now=100.0)
    assert undeliverable.blocked(now=100.9) == {"a"}
    assert undeliverable.blocked(now=101.0) == frozenset()


def test_the_pause_grows_with_every_failure_up_to_its_cap() -> None:
    undeliverable = Undeliverable()
    pauses = []
    now = 0.0
    for _ in range(10):
        undeliverable.block(["a"], now)
        pause = next(p / 2 for p in range(1, 1000) if not undeliverable.blocked(now + p / 2))
        pauses.append(pause)
        now += pause
    assert pauses[:7] == [1, 2, 4, 8, 16, 32, LAST_PAUSE_SECONDS]
    assert pauses[7:] == [LAST_PAUSE_SECONDS] * 3


def test_a_delivered_subject_starts_afresh() -> None:
    undeliverable = Undeliverable()
    undeliverable.block(["a", "b"], now=0.0)
    assert undeliverable.are_suspect("a")
    undeliverable.forgive(["a", "never seen"])
    assert not undeliverable.are_suspect("a")
    assert undeliverable.blocked(now=0.5) == {"b"}
    assert len(undeliverable) == 1


def test_the_pause_starts_where_the_failure_was() -> None:
    undeliverable = Undeliverable()
    undeliverable.block(["a"], now=100.0)
    undeliverable.block(["b"], now=200.0)
    assert undeliverable.blocked(now=100.5) == {"a", "b"}
    assert undeliverable.blocked(now=200.5) == {"b"}


def test_a_subject_that_fails_for_hours_keeps_its_longest_pause() -> None:
    undeliverable = Undeliverable()
    for _ in range(2000):
        undeliverable.block(["a"], now=0.0)
    assert undeliverable.blocked(now=LAST_PAUSE_SECONDS - 1) == {"a"}
    assert undeliverable.blocked(now=LAST_PAUSE_SECONDS) == frozenset()
