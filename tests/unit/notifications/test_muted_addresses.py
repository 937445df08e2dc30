"""A muted address stands in its list by its owner, and by when its server last refused."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from notifications.domain.mails import MutedAddress

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_a_muted_address_has_one_place_for_each_user_and_moves_up_with_each_refusal() -> None:
    muted = MutedAddress(
        user_id=UUID(int=1),
        status="5.1.1",
        count=3,
        first_at=NOW,
        last_at=NOW + timedelta(days=1),
        muted_until=NOW + timedelta(days=30),
    )
    assert (muted.id, muted.created_at) == (UUID(int=1), NOW + timedelta(days=1))
