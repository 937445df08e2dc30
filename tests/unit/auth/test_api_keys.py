"""What an API key may be, from where it works, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest

from auth.domain.api_keys import (
    MOST_LIVE,
    MOST_PLACES,
    TOKEN_LIFETIME,
    USE_STORED_EVERY,
    ApiKey,
    KeyTerms,
    decide_making,
    digest,
    hint_of,
    is_allowed_from,
    place_of,
)
from auth.domain.scopes import Scope
from auth.refusals import ApiKeyExpired, ScopeNotBounded, TooManyApiKeys
from kit.money import Money

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TERMS = KeyTerms(name="Shop", scopes=frozenset({Scope.PAYMENTS_WRITE}))
KEY = ApiKey(id=UUID(int=1), user_id=UUID(int=2), terms=TERMS, hint="sk_test_…9fQa", created_at=NOW)
BOUNDS: list[dict[str, Any]] = [
    {"wallet_ids": frozenset({UUID(int=3)})},
    {"per_day": Money(100, "RUB")},
]


def test_a_key_is_made_as_wanted() -> None:
    decide_making(TERMS, live=MOST_LIVE - 1, now=NOW)
    decide_making(replace(TERMS, expires_at=NOW + timedelta(seconds=1)), live=0, now=NOW)


@pytest.mark.parametrize("bounds", BOUNDS)
def test_a_bounded_key_has_scopes_of_payments_and_wallets_only(bounds: dict[str, Any]) -> None:
    terms = replace(TERMS, **bounds)
    decide_making(terms, live=0, now=NOW)
    for scope in set(Scope):
        wanted = replace(terms, scopes=terms.scopes | {scope})
        if scope.partition(":")[0] in ("payments", "wallets"):
            decide_making(wanted, live=0, now=NOW)
        else:
            with pytest.raises(ScopeNotBounded):
                decide_making(wanted, live=0, now=NOW)


def test_refusals_come_in_order() -> None:
    terms = replace(TERMS, expires_at=NOW, scopes=frozenset(Scope), **BOUNDS[0])
    with pytest.raises(TooManyApiKeys):
        decide_making(terms, live=MOST_LIVE, now=NOW)
    with pytest.raises(ApiKeyExpired):
        decide_making(terms, live=0, now=NOW)
    with pytest.raises(ScopeNotBounded):
        decide_making(replace(terms, expires_at=None), live=0, now=NOW)


def test_no_scope_is_about_users_logins_or_keys() -> None:
    nouns = {scope.partition(":")[0] for scope in Scope}
    assert not nouns & {"auth", "users", "sessions", "keys", "audit", "ledger", "admin"}


@pytest.mark.parametrize(
    ("changes", "is_old", "lasts"),
    [
        ({}, False, TOKEN_LIFETIME),
        ({"revoked_at": NOW}, False, None),
        ({"old_secret_until": NOW + timedelta(minutes=1)}, True, timedelta(minutes=1)),
        ({"old_secret_until": NOW + timedelta(minutes=1)}, False, TOKEN_LIFETIME),
        ({"old_secret_until": NOW}, True, None),
        ({}, True, None),
        ({"terms": replace(TERMS, expires_at=NOW)}, False, None),
        (
            {"terms": replace(TERMS, expires_at=NOW + timedelta(seconds=9))},
            False,
            timedelta(seconds=9),
        ),
        ({"terms": replace(TERMS, expires_at=NOW + timedelta(days=9))}, False, TOKEN_LIFETIME),
    ],
)
def test_a_secret_works_until_the_earliest_of_its_ends(
    changes: dict[str, Any], lasts: timedelta | None, *, is_old: bool
) -> None:
    ends = replace(KEY, **changes).works_until(NOW, is_old_secret=is_old)
    assert ends == (None if lasts is None else NOW + lasts)


def test_a_use_is_stored_once_a_minute() -> None:
    assert KEY.is_use_due(NOW)
    used = replace(KEY, last_used_at=NOW)
    assert not used.is_use_due(NOW + USE_STORED_EVERY - timedelta(seconds=1))
    assert used.is_use_due(NOW + USE_STORED_EVERY)


def test_places_are_remembered_up_to_a_number() -> None:
    assert KEY.is_new_place("203.0.113.0/24")
    assert not KEY.is_new_place(None)
    assert not replace(KEY, places=("203.0.113.0/24",)).is_new_place("203.0.113.0/24")
    many = replace(KEY, places=tuple(f"10.0.{number}.0/24" for number in range(MOST_PLACES)))
    assert not many.is_new_place("203.0.113.0/24")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("unknown", None),
        ("", None),
    ],
)
def test_a_place_is_the_network_around_an_address(address: str, place: str | None) -> None:
    assert place_of(address) == place


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("203.0.113.7", True), ("203.0.114.7", False), ("2001:db8::7", True), ("unknown", False)],
)
def test_a_key_works_from_its_networks_only(address: str, *, allowed: bool) -> None:
    networks = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/64"))
    assert is_allowed_from(networks, address) is allowed
    assert is_allowed_from(None, address)


@pytest.mark.parametrize(("kind", "is_live"), [("test", False), ("live", True)])
def test_a_hint_shows_the_kind_and_four_characters(kind: str, *, is_live: bool) -> None:
    hint = hint_of(f"sk_{kind}_" + "x" * 45 + "9fQa")
    assert hint == f"sk_{kind}_…9fQa"
    assert replace(KEY, hint=hint).is_live is is_live


def test_only_a_hash_is_kept_of_a_secret() -> None:
    assert len(digest("sk_test_x")) == 32
    assert digest("\ud800") != digest("")
