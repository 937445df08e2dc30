"""kit.production: which secrets are good enough."""

import secrets

import pytest

from kit.production import leads_somewhere, public_url_fault, secret_fault, url_fault

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


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.example",
        "https://localhost",
        "https://LOCALHOST.:8000",
        "https://pay.localhost",
        "https://127.1.2.3:8000",
        "https://[::1]",
        "https://0.0.0.0:8000",
    ],
)
def test_what_people_open_is_neither_plain_http_nor_this_machine(url: str) -> None:
    assert public_url_fault(url)


@pytest.mark.parametrize(
    "url", ["https://pay.example:8443", "https://10.0.0.7", "https://[fd00::1]"]
)
def test_what_people_open_may_be_any_other_address(url: str) -> None:
    assert public_url_fault(url) is None


@pytest.mark.parametrize(
    ("url", "is_place"),
    [
        ("redis://redis:6379/0", True),
        ("redis:///0", False),
        ("redis://redis:6379?db=2", False),
        ("unix://:word@/srv/redis.sock?db=0", True),
        ("unix:///srv/redis.sock", True),
        ("unix://srv/redis.sock", False),
        ("unix://", False),
    ],
)
def test_redis_is_at_a_host_or_at_a_path(url: str, *, is_place: bool) -> None:
    assert leads_somewhere(url, ("redis", "rediss", "unix")) == is_place
