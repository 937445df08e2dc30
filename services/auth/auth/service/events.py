"""Emits events about users, in the transaction that changes them."""

from datetime import datetime
from uuid import UUID

from auth.domain.api_keys import ApiKey
from auth.domain.users import User
from contracts.auth import ApiKeyInNewPlace, UserChanged, UserLocked, UserRegistered
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from kit.messaging.outbox import emit

log = get_logger(__name__)


def tell_registered(uow: UnitOfWork, user: User) -> None:
    """Emit UserRegistered, which is always a user's first event; log it once stored."""
    event = UserRegistered(
        user_id=user.id,
        number=user.number,
        username=user.username,
        status=user.status.value,
        has_email=user.email is not None,
    )
    emit(uow, event, subject=str(user.id), sequence=user.version)
    _log(uow, event)


def tell_changed(uow: UnitOfWork, user: User) -> None:
    """Emit UserChanged with the state after the change; log it once stored."""
    event = UserChanged(
        user_id=user.id,
        number=user.number,
        username=user.username,
        status=user.status.value,
        roles=tuple(sorted(user.roles)),
        has_email=user.email is not None,
    )
    emit(uow, event, subject=str(user.id), sequence=user.version)
    _log(uow, event)


def tell_locked(uow: UnitOfWork, user_id: UUID, until: datetime) -> None:
    """Emit UserLocked, and log it after COMMIT."""
    event = UserLocked(lock_id=new_id(), user_id=user_id, until=until)
    emit(uow, event, subject=str(user_id))
    uow.after_commit(lambda: log.warning("login_locked", user_id=str(user_id)))


def tell_new_place(uow: UnitOfWork, key: ApiKey) -> None:
    """Emit ApiKeyInNewPlace; where that was stands in the audit log alone."""
    event = ApiKeyInNewPlace(use_id=new_id(), user_id=key.user_id, key_id=key.id, hint=key.hint)
    emit(uow, event, subject=str(key.user_id))


def _log(uow: UnitOfWork, event: UserRegistered | UserChanged) -> None:
    uow.after_commit(lambda: log.info(event.type, user_id=str(event.user_id), status=event.status))
