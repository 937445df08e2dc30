"""A try at a verification service, as the saga's log keeps it."""

from hypothesis import given
from hypothesis import strategies as st

from payments.domain.tries import Try, TryOutcome

LINES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=200)


@given(
    verifier=st.sampled_from(["one", "two"]),
    outcome=st.sampled_from(TryOutcome),
    took_ms=st.integers(0, 10_000),
    said=st.none() | LINES,
)
def test_what_is_written_is_read_again(
    verifier: str, outcome: TryOutcome, took_ms: int, said: str | None
) -> None:
    made = Try(verifier, outcome, took_ms, said)
    assert Try.read(made.text) == made


def test_it_reads_well() -> None:
    assert Try("one", TryOutcome.DENIED, 12, "a list").text == "one: denied after 12 ms: a list"


def test_other_lines_are_no_tries() -> None:
    for line in ("", "one: status 503", "one: puzzled after 3 ms", "asked once"):
        assert Try.read(line) is None


def test_only_yes_and_no_are_verdicts() -> None:
    verdicts = {outcome for outcome in TryOutcome if outcome.is_verdict}
    assert verdicts == {TryOutcome.OK, TryOutcome.DENIED}
