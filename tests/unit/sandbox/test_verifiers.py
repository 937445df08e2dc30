"""How a simulated verification service behaves."""

from sandbox.verifiers.box import NONSENSE, SILENT_MS, SLOW_MS, Behaviour, Verifier, VerifierMode


def answers(behaviour: Behaviour, questions: int) -> list[VerifierMode | None]:
    verifier = Verifier(behaviour)
    return [verifier.ask() for _ in range(questions)]


def test_a_service_that_never_fails_always_has_its_verdict() -> None:
    assert set(answers(Behaviour(0.0), 100)) == {VerifierMode.OK}
    assert set(answers(Behaviour(0.0, mode=VerifierMode.DENY), 100)) == {VerifierMode.DENY}


def test_a_service_that_always_fails_has_none() -> None:
    assert set(answers(Behaviour(1.0), 100)) == {None}


def test_failures_are_as_frequent_as_the_rate_says() -> None:
    for rate in (0.10, 0.25):
        failed = answers(Behaviour(rate, seed=1), 10_000).count(None)
        assert abs(failed / 10_000 - rate) < 0.02


def test_the_same_seed_gives_the_same_failures_and_another_seed_others() -> None:
    assert answers(Behaviour(0.25, seed=7), 200) == answers(Behaviour(0.25, seed=7), 200)
    assert answers(Behaviour(0.25, seed=7), 200) != answers(Behaviour(0.25, seed=8), 200)


def test_setting_a_behaviour_begins_the_sequence_and_the_counts_anew() -> None:
    verifier = Verifier(Behaviour(0.5, seed=3))
    first = [verifier.ask() for _ in range(50)]
    assert (verifier.asked, verifier.failed) == (50, first.count(None))
    verifier.set(Behaviour(0.5, seed=3))
    assert (verifier.asked, verifier.failed) == (0, 0)
    assert [verifier.ask() for _ in range(50)] == first


def test_slow_and_silent_services_take_their_time_and_others_what_they_are_told() -> None:
    slow, silent = (
        Behaviour(0.0, mode=VerifierMode.SLOW),
        Behaviour(0.0, mode=VerifierMode.TIME_OUT),
    )
    assert slow.pause_ms(VerifierMode.SLOW) == SLOW_MS
    assert silent.pause_ms(VerifierMode.TIME_OUT) == SILENT_MS
    assert Behaviour(0.0, mode=VerifierMode.SLOW, delay_ms=5).pause_ms(VerifierMode.SLOW) == 5
    assert Behaviour(0.0, delay_ms=5).pause_ms(VerifierMode.OK) == 5
    assert slow.pause_ms(None) == 0


def test_nonsense_is_never_a_verdict_and_not_always_the_same() -> None:
    verifier, seen = Verifier(Behaviour(0.0, mode=VerifierMode.NONSENSE)), set()
    for _ in range(20):
        verifier.ask()
        seen.add(verifier.nonsense())
    assert seen == set(NONSENSE)
