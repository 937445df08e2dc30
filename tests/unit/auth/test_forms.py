"""auth.crypto.forms: a page's form sends back what it was opened for, or nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from auth.crypto.forms import LIFETIME, FormSeal

NOW = datetime(2026, 3, 4, tzinfo=UTC)
SEAL = FormSeal(SecretStr("a secret that is long enough"))


def test_what_was_sealed_is_opened_for_a_quarter_of_an_hour() -> None:
    sealed = SEAL.seal("что угодно", NOW)
    assert "что" not in sealed
    assert SEAL.open(sealed, NOW + LIFETIME) == "что угодно"
    assert SEAL.open(sealed, NOW + LIFETIME + timedelta(seconds=1)) is None


@pytest.mark.parametrize("sealed", ["", "x", "я", "gAAAAAB", "\ud800", "a" * 10_000])
def test_what_is_no_seal_of_ours_is_not_opened(sealed: str) -> None:
    assert SEAL.open(sealed, NOW) is None


def test_what_was_changed_or_sealed_elsewhere_is_not_opened() -> None:
    sealed = SEAL.seal("x", NOW)
    middle = len(sealed) // 2
    other = "A" if sealed[middle] != "A" else "B"
    assert SEAL.open(sealed[:middle] + other + sealed[middle + 1 :], NOW) is None
    assert FormSeal(SecretStr("another secret of some length")).open(sealed, NOW) is None
