"""Keeps read models of people and wallets, from the events of auth and wallet."""

from collections.abc import Sequence

from contracts.auth import UserChanged, UserRegistered
from contracts.wallet import WalletOpened
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from payments.domain.parties import Person, Wallet
from payments.repository import KnownPeople, PaidServices


async def remember_people(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store who the users are; of several events about one user the newest counts."""
    newest: dict[object, tuple[Person, int]] = {}
    for envelope in envelopes:
        event = envelope.message
        assert isinstance(event, UserRegistered | UserChanged)  # noqa: S101 - routed by type
        version = envelope.sequence or 0
        known = newest.get(event.user_id)
        if known is None or known[1] < version:
            person = Person(event.user_id, event.username, event.status)
            newest[event.user_id] = (person, version)
    await KnownPeople(uow).remember_people(list(newest.values()))
    deleted = [person.user_id for person, _ in newest.values() if person.status == "deleted"]
    if deleted:
        await KnownPeople(uow).forget_card_holders(deleted)
        await PaidServices(uow).withdraw(deleted, uow.clock.now())


async def remember_wallets(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store whose each wallet is."""
    wallets = {}
    for envelope in envelopes:
        event = envelope.message
        assert isinstance(event, WalletOpened)  # noqa: S101 - routed by type
        wallets[event.account_id] = Wallet(event.account_id, event.owner_id, event.currency)
    await KnownPeople(uow).remember_wallets(wallets.values())
