"""What the audit log says of whoever did it, and where from."""

from uuid import UUID

import pytest

from auth.domain.audit import Kind, actor_of, origin_hash
from auth.domain.devices import device_of

USER, ADMIN = UUID(int=1), UUID(int=2)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("kind", "user_id", "admin_id", "expected"),
    [
        (Kind.LOGIN_OK, USER, None, USER),
        (Kind.USER_DISABLED, USER, ADMIN, ADMIN),
        (Kind.LOGIN_FAILED, USER, None, None),
        (Kind.LOGIN_FAILED, None, None, None),
        (Kind.KEY_ROTATED, None, ADMIN, ADMIN),
    ],
)
def test_who_proved_nothing_is_nobody(
    kind: Kind, user_id: UUID | None, admin_id: UUID | None, expected: UUID | None
) -> None:
    assert actor_of(kind, user_id, admin_id) == expected


def test_a_kind_is_called_as_its_value() -> None:
    assert all(kind.value == kind.name.lower() for kind in Kind)


def test_the_hash_of_a_place_depends_on_each_part_of_it() -> None:
    salt = bytes(32)
    places = [("10.0.0.1", None), ("10.0.0.1", "curl"), ("10.0.0.1c", "url"), ("10.0.0.2", None)]
    hashes = {origin_hash(salt, address, user_agent) for address, user_agent in places}
    hashes.add(origin_hash(b"\x01" * 32, "10.0.0.1", None))
    assert len(hashes) == 5


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (f"{WINDOWS} {WEBKIT} Chrome/126.0 Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} {WEBKIT} Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "Firefox on Linux",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} Chrome/126.0 Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1",
            "Safari on macOS",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("curl/8.5.0", "curl"),
        ("shop", "shop"),
        ("", None),
        ("\xa0", None),
        (None, None),
    ],
)
def test_a_device_has_a_name_that_people_know(user_agent: str | None, device: str | None) -> None:
    assert device_of(user_agent) == device
