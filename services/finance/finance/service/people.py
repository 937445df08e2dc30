"""Holds the verb that follows auth's users: their names, and that they are gone."""

from collections.abc import Sequence
from uuid import UUID

from contracts.auth import UserChanged, UserRegistered
from finance.domain.people import Person
from finance.repository import Books, FinancePeople
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope


async def remember_people(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store the newest version of each user; delete the books of deleted ones."""
    newest: dict[UUID, Person] = {}
    for envelope in envelopes:
        event = envelope.message
        assert isinstance(event, UserRegistered | UserChanged)  # noqa: S101 - routed by type
        person = Person(event.user_id, event.username, event.status, envelope.sequence or 0)
        known = newest.get(person.user_id)
        if known is None or known.version < person.version:
            newest[person.user_id] = person
    deleted = [person.user_id for person in newest.values() if person.is_deleted]
    await Books(uow).forget(deleted)  # books are locked before all else
    await FinancePeople(uow).remember(list(newest.values()))
