"""What may become of a user, as tables of decisions."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from auth.domain.users import (
    AdminChange,
    ProfileChange,
    Role,
    User,
    UserStatus,
    decide_activation,
    decide_admin_change,
    decide_deletion,
    decide_login,
    decide_logout,
    decide_profile_change,
    decide_resend,
    decide_reset,
)
from auth.refusals import (
    InvalidCredentials,
    LastAdmin,
    UserAlreadyActive,
    UserDisabled,
    UserPending,
)
from kit.refusals import Refusal

BORN = datetime(2026, 1, 2, tzinfo=UTC)
NOW = datetime(2026, 3, 4, tzinfo=UTC)
USER = frozenset({Role.USER})
ADMIN = frozenset({Role.USER, Role.ADMIN})


def person(status: UserStatus = UserStatus.ACTIVE, roles: frozenset[Role] = USER) -> User:
    return User(
        id=UUID(int=7),
        number=7,
        username="alice",
        email="alice@example.com",
        full_name="Alice",
        status=status,
        roles=roles,
        token_version=3,
        version=5,
        created_at=BORN,
        activated_at=BORN if status is UserStatus.ACTIVE else None,
    )


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (UserStatus.PENDING, UserPending),
        (UserStatus.DISABLED, UserDisabled),
        (UserStatus.DELETED, InvalidCredentials),
    ],
)
def test_only_the_active_log_in(status: UserStatus, refusal: type[Refusal]) -> None:
    decide_login(person())
    with pytest.raises(refusal):
        decide_login(person(status))


def test_activation_makes_the_pending_active_from_now_on() -> None:
    activated = decide_activation(person(UserStatus.PENDING), NOW)
    assert (activated.status, activated.activated_at, activated.version) == (
        UserStatus.ACTIVE,
        NOW,
        6,
    )


def test_activating_the_active_changes_nothing() -> None:
    assert decide_activation(person(), NOW) == person()


@pytest.mark.parametrize("status", [UserStatus.DISABLED, UserStatus.DELETED])
def test_a_link_does_not_bring_back_the_disabled(status: UserStatus) -> None:
    with pytest.raises(UserDisabled):
        decide_activation(person(status), NOW)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (UserStatus.ACTIVE, UserAlreadyActive),
        (UserStatus.DISABLED, UserDisabled),
        (UserStatus.DELETED, UserDisabled),
    ],
)
def test_another_link_is_for_the_pending_only(status: UserStatus, refusal: type[Refusal]) -> None:
    decide_resend(person(UserStatus.PENDING))
    with pytest.raises(refusal):
        decide_resend(person(status))


@pytest.mark.parametrize(
    ("before", "change", "status", "roles", "outdated"),
    [
        (person(), AdminChange(is_active=False), UserStatus.DISABLED, USER, 1),
        (person(UserStatus.PENDING), AdminChange(is_active=False), UserStatus.DISABLED, USER, 1),
        (person(UserStatus.PENDING), AdminChange(is_active=True), UserStatus.ACTIVE, USER, 0),
        (person(UserStatus.DISABLED), AdminChange(is_active=True), UserStatus.ACTIVE, USER, 0),
        (person(), AdminChange(roles=ADMIN), UserStatus.ACTIVE, ADMIN, 1),
        (person(roles=ADMIN), AdminChange(roles=USER), UserStatus.ACTIVE, USER, 1),
        (person(roles=ADMIN), AdminChange(roles=frozenset()), UserStatus.ACTIVE, USER, 1),
        (person(), AdminChange(is_active=False, roles=ADMIN), UserStatus.DISABLED, ADMIN, 1),
    ],
)
def test_what_takes_rights_away_or_gives_them_outdates_tokens(
    before: User, change: AdminChange, status: UserStatus, roles: frozenset[Role], outdated: int
) -> None:
    after = decide_admin_change(before, change, other_active_admins=1, now=NOW)
    assert (after.status, after.roles) == (status, roles)
    assert after.token_version == before.token_version + outdated
    assert after.version == before.version + 1


def test_enabling_the_never_active_says_since_when_and_keeps_it_afterwards() -> None:
    enabled = decide_admin_change(
        person(UserStatus.DISABLED), AdminChange(is_active=True), other_active_admins=1, now=NOW
    )
    assert enabled.activated_at == NOW
    again = decide_admin_change(
        replace(person(UserStatus.DISABLED), activated_at=BORN),
        AdminChange(is_active=True),
        other_active_admins=1,
        now=NOW,
    )
    assert again.activated_at == BORN


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (person(), AdminChange()),
        (person(), AdminChange(is_active=True)),
        (person(), AdminChange(roles=frozenset())),
        (person(UserStatus.DISABLED), AdminChange(is_active=False)),
        (person(roles=ADMIN), AdminChange(roles=ADMIN)),
    ],
)
def test_a_change_to_what_already_is_changes_nothing(before: User, change: AdminChange) -> None:
    assert decide_admin_change(before, change, other_active_admins=0, now=NOW) is before


@pytest.mark.parametrize("change", [AdminChange(is_active=False), AdminChange(roles=USER)])
def test_the_last_admin_stays_one(change: AdminChange) -> None:
    with pytest.raises(LastAdmin):
        decide_admin_change(person(roles=ADMIN), change, other_active_admins=0, now=NOW)
    decide_admin_change(person(roles=ADMIN), change, other_active_admins=1, now=NOW)


def test_a_disabled_admin_counts_for_nothing_and_may_be_demoted() -> None:
    demoted = decide_admin_change(
        person(UserStatus.DISABLED, ADMIN), AdminChange(roles=USER), other_active_admins=0, now=NOW
    )
    assert demoted.roles == USER


def test_a_profile_change_counts_as_one_change_and_no_difference_as_none() -> None:
    changed = decide_profile_change(person(), ProfileChange("alison", None))
    assert (changed.username, changed.full_name, changed.version) == ("alison", None, 6)
    same = person()
    assert decide_profile_change(same, ProfileChange("alice", "Alice")) is same


def test_deletion_forgets_the_person_and_keeps_id_and_number() -> None:
    gone = decide_deletion(person(roles=ADMIN), other_active_admins=1)
    assert (gone.username, gone.email, gone.full_name) == (None, None, None)
    assert (gone.id, gone.number, gone.status, gone.roles) == (
        UUID(int=7),
        7,
        UserStatus.DELETED,
        USER,
    )
    assert (gone.token_version, gone.version) == (4, 6)


def test_the_last_admin_cannot_vanish() -> None:
    with pytest.raises(LastAdmin):
        decide_deletion(person(roles=ADMIN), other_active_admins=0)
    decide_deletion(person(), other_active_admins=0)


@pytest.mark.parametrize("status", [UserStatus.PENDING, UserStatus.ACTIVE])
def test_a_new_password_outdates_the_access_tokens_and_tells_others_nothing(
    status: UserStatus,
) -> None:
    before = person(status)
    assert decide_reset(before) == replace(before, token_version=before.token_version + 1)


def test_who_is_logged_out_has_no_good_access_token_and_nothing_else_changes() -> None:
    before = person(UserStatus.ACTIVE)
    assert decide_logout(before) == replace(before, token_version=before.token_version + 1)


@pytest.mark.parametrize("status", [UserStatus.DISABLED, UserStatus.DELETED])
def test_who_is_disabled_or_deleted_gets_no_new_password(status: UserStatus) -> None:
    with pytest.raises(UserDisabled):
        decide_reset(person(status))
