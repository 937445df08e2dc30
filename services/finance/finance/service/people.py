"""Follows auth's users: their names, and that they are gone. Its caller commits."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from contracts.auth import UserChanged, UserRegistered
from finance.domain.people import Person
from finance.repository import Books, FinancePeople
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope


def people_of(envelopes: Iterable[Envelope]) -> list[Person]:
    """Return the newest version that auth's events among these tell of each user."""
    newest: dict[UUID, Person] = {}
    for envelope in envelopes:
        event = envelope.message
        if isinstance(event, UserRegistered | UserChanged):
            person = Person(event.user_id, event.username, event.status, envelope.sequence or 0)
            known = newest.get(person.user_id)
            if known is None or known.version < person.version:
                newest[person.user_id] = person
    return list(newest.values())


async def remember_people(uow: UnitOfWork, people: Sequence[Person]) -> None:
    """Store the newest version of each user; delete the locked books of the deleted."""
    if deleted := [person.user_id for person in people if person.is_deleted]:
        await Books(uow).forget(deleted)
    await FinancePeople(uow).remember(people)
