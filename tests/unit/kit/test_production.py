"""kit.production: which secrets are good enough."""

import secrets

import pytest

from kit.production import secret_fault, url_fault

DEFAULT = "development-key"
GOOD = "q8vW2zL0xN5rT7yU1iO3pA6sD9fG4hJk"
DEFAULT_URL = "postgresql://wallet:wallet@127.0.0.1:5432/saldo"


@pytest.mark.check(60)
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (GOOD, None),
        (DEFAULT, "is the development default"),
        ("", "is too short: 32 characters at least"),
        (GOOD[:31], "is too short: 32 characters at least"),
        ("a" * 40, "looks like a placeholder"),
        ("abcabcabc" * 5, "looks like a placeholder"),
        ("ChangeMe-ChangeMe-ChangeMe-0123456789", "looks like a placeholder"),
        ("my-very-long-Secret-0123456789-abcdef", "looks like a placeholder"),
    ],
)
def test_a_secret_is_long_random_and_not_the_default(value: str, fault: str | None) -> None:
    assert secret_fault(value, DEFAULT) == fault


@pytest.mark.check(60)
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (f"postgresql://wallet:{GOOD}@db/saldo", None),
        (DEFAULT_URL, "is the development default"),
        ("postgresql://wallet:wallet@db/saldo", "is the development default"),
        ("postgresql://wallet@db/saldo", "has no password"),
        ("redis://db:6379/0", "has no password"),
        ("redis://:short@db:6379/0", "is too short: 16 characters at least"),
        ("redis://:passwordpassword1@db:6379/0", "looks like a placeholder"),
        ("redis://:p%61sswordpassword1@db:6379/0", "looks like a placeholder"),
    ],
)
def test_a_url_is_judged_by_its_password(value: str, fault: str | None) -> None:
    assert url_fault(value, DEFAULT_URL) == fault


def test_random_values_pass() -> None:
    assert all(secret_fault(secrets.token_urlsafe(32), DEFAULT) is None for _ in range(500))
