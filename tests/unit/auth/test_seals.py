"""The chain of seals over the audit log, and each way in which it can be broken."""

from dataclasses import replace

import pytest

from auth.domain.audit import origin_hash
from auth.domain.seals import GENESIS, AuditPlace, LoggedRow, fault_of, seal_of

PLACE = AuditPlace(bytes(32), "203.0.113.7", "curl")
ROW = LoggedRow(
    position=7,
    facts=["an id", 1, None, "auth", "login_ok", "user", None, None, [], "r-1", {"amr": "pwd"}],
    origin_hash=origin_hash(*PLACE),
    place=PLACE,
    may_be_forgotten=False,
    seal=None,
)
SEALED = replace(ROW, seal=seal_of(GENESIS, ROW).hash)


def test_a_row_that_is_as_it_was_sealed_has_no_fault() -> None:
    assert fault_of(GENESIS, SEALED) is None
    assert fault_of(GENESIS, replace(SEALED, place=None, may_be_forgotten=True)) is None


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (replace(SEALED, facts=None), "gone"),
        (ROW, "slipped in"),
        (replace(SEALED, position=8), "does not fit"),
        (replace(SEALED, facts=[*(SEALED.facts or [])[:-1], {}]), "does not fit"),
        (replace(SEALED, origin_hash=bytes(32)), "does not fit"),
        (replace(SEALED, place=None), "is gone"),
        (replace(SEALED, place=PLACE._replace(address="203.0.113.8")), "was changed"),
    ],
)
def test_a_row_that_is_not_is_told_what_is_wrong(row: LoggedRow, what: str) -> None:
    assert what in str(fault_of(GENESIS, row))


def test_a_seal_covers_the_one_before_it() -> None:
    next_row = replace(ROW, position=8)
    sealed = replace(next_row, seal=seal_of(seal_of(GENESIS, ROW), next_row).hash)
    assert fault_of(seal_of(GENESIS, ROW), sealed) is None
    assert "does not fit" in str(fault_of(GENESIS, sealed))
