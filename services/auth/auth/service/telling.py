"""Tells the other services about users, in the transaction that changes them."""

from auth.domain.users import User
from contracts.auth import UserChanged, UserRegistered
from kit.db import UnitOfWork


def tell_registered(uow: UnitOfWork, user: User) -> None:
    """Emit UserRegistered; always a user's first event."""
    event = UserRegistered(
        user_id=user.id, number=user.number, username=user.username, status=user.status.value
    )
    uow.emit(event, subject=str(user.id), sequence=user.version)


def tell_changed(uow: UnitOfWork, user: User) -> None:
    """Emit UserChanged with the state after the change."""
    event = UserChanged(
        user_id=user.id,
        number=user.number,
        username=user.username,
        status=user.status.value,
        roles=tuple(sorted(user.roles)),
    )
    uow.emit(event, subject=str(user.id), sequence=user.version)
