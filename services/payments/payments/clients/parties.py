"""Finds the people and wallets of new payments: among known ones, then by asking."""

import asyncio
from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec.structs import replace

from kit.db import Batcher, Connection, Database
from kit.tasks import all_of
from payments.clients.services import ServicesClient
from payments.domain.creation import PaymentOrder
from payments.domain.paid_services import HOUSE, PaidService
from payments.domain.parties import Ends, Parties, PayeeName, Person, Wallet
from payments.repository import KnownPeople, PaidServices

_THE_HOUSE: Final = Person(HOUSE, None, "active")  # auth does not know it

KnownParties: TypeAlias = Batcher[Connection, Ends, Parties]

ASKED_AT_ONCE: Final = 16


def known_parties(database: Database, most_open: int) -> KnownParties:
    """Return the batcher that looks up the parties of requests that arrive together."""

    async def look_up(connection: Connection, asked: Sequence[Ends]) -> list[Parties]:
        return await KnownPeople(connection).parties(asked, most_open)

    return Batcher(database.read, look_up, name="payments.known_parties")


async def find_parties(
    database: Database, known_parties: KnownParties, services: ServicesClient, order: PaymentOrder
) -> Parties:
    """Return all that can be known of the two ends of a payment.

    One statement looks among what events have told, one more where a service is named. Auth and
    wallet are asked about unknown people and wallets, and about people who are not known to be
    active, as they may have become so a moment ago.

    Raises:
        Unavailable: somebody must be asked and does not answer.
    """
    paid_service = None
    if order.payee.service_id is not None:
        async with database.read() as connection:
            paid_service = await PaidServices(connection).get(order.payee.service_id)
    to = _payee_named(order, paid_service)
    known = await known_parties.submit(Ends(order.payer_id, to, order.from_wallet_id))
    return await _completed(services, order, to, replace(known, paid_service=paid_service))


async def find_parties_of_many(
    database: Database, services: ServicesClient, orders: Sequence[PaymentOrder]
) -> list[Parties]:
    """Return the parties of each of one payer's orders, by two statements for all.

    What several orders have in common is asked about once.
    """
    async with database.read() as connection:
        named = {order.payee.service_id for order in orders}
        paid_services = await PaidServices(connection).among(named - {None})
        payees = [
            _payee_named(order, paid_services.get(order.payee.service_id)) for order in orders
        ]
        known = await KnownPeople(connection).parties(
            [
                Ends(order.payer_id, to, order.from_wallet_id)
                for order, to in zip(orders, payees, strict=True)
            ]
        )
    places = asyncio.Semaphore(ASKED_AT_ONCE)

    async def complete(order: PaymentOrder, to: PayeeName, parties: Parties) -> Parties:
        async with places:
            paid_service = paid_services.get(order.payee.service_id)
            return await _completed(
                services, order, to, replace(parties, paid_service=paid_service)
            )

    distinct = {
        (order.payee, order.from_wallet_id): (order, to, parties)
        for order, to, parties in zip(orders, payees, known, strict=True)
    }
    asked = await all_of(complete(*ends) for ends in distinct.values())
    found = dict(zip(distinct, asked, strict=True))
    return [found[order.payee, order.from_wallet_id] for order in orders]


def _payee_named(order: PaymentOrder, paid_service: PaidService | None) -> PayeeName:
    """Return who is paid; the payee of a service is its owner."""
    if order.payee.service_id is None:
        return order.payee
    return PayeeName(user_id=paid_service.owner_id if paid_service else None)


async def _completed(
    services: ServicesClient, order: PaymentOrder, to: PayeeName, known: Parties
) -> Parties:
    payer = known.payer
    if payer is not None and payer.may_have_become_active:
        payer = await services.person_by_id(payer.user_id)
    payer_wallet = known.payer_wallet
    if payer_wallet is None and order.from_wallet_id is not None:
        payer_wallet = await services.wallet(order.from_wallet_id)
    payee_wallet = known.payee_wallet
    if payee_wallet is None and to.wallet_id is not None:
        payee_wallet = await services.wallet(to.wallet_id)
    payee = _THE_HOUSE if to.user_id == HOUSE else known.payee
    if payee is None or payee.may_have_become_active:
        payee = await _ask_for_payee(services, to, payee_wallet)
    return replace(
        known,
        payer=payer,
        payee=payee,
        payer_wallet=payer_wallet,
        payee_wallet=payee_wallet,
        are_heard=known.are_heard or payee != known.payee,  # who is named now may listen
    )


async def _ask_for_payee(
    services: ServicesClient, to: PayeeName, wallet: Wallet | None
) -> Person | None:
    if to.username is not None:
        return await services.person_by_username(to.username)
    user_id = wallet.owner_id if wallet else to.user_id
    return None if user_id is None else await services.person_by_id(user_id)
