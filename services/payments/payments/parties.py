"""Finds out who and which wallets new payments are between: first here, then by asking."""

import asyncio
from collections.abc import Sequence
from typing import Final, TypeAlias

from kit.db import Connection, Database, Gathering
from kit.tasks import all_of
from payments.domain.creation import PaymentOrder
from payments.domain.parties import Ends, Parties, Person, Wallet
from payments.neighbours import Neighbours
from payments.repository import Known

KnownParties: TypeAlias = Gathering[Connection, Ends, Parties]

ASKED_AT_ONCE: Final = 16


def known_parties(database: Database) -> KnownParties:
    """Return what looks up the parties of requests that arrive together."""

    async def look_up(connection: Connection, asked: Sequence[Ends]) -> list[Parties]:
        return await Known(connection).parties(asked)

    return Gathering(database.read, look_up, name="payments.known_parties")


async def find_parties(
    known_parties: KnownParties, neighbours: Neighbours, order: PaymentOrder
) -> Parties:
    """Return all that can be known of the ends of a payment.

    One statement where events have told of them; auth and wallet are asked about the unknown, and
    about people who are not active as far as is known: they may have become so a moment ago.
    Raises Unavailable where somebody must be asked and does not answer.
    """
    known = await known_parties.do(_ends(order))
    return await _completed(neighbours, order, known)


async def find_parties_of_many(
    database: Database, neighbours: Neighbours, orders: Sequence[PaymentOrder]
) -> list[Parties]:
    """Return what ``find_parties`` does for each of one payer's orders; one statement for all.

    What several orders have in common is asked about once.
    """
    async with database.read() as connection:
        known = await Known(connection).parties([_ends(order) for order in orders])
    places = asyncio.Semaphore(ASKED_AT_ONCE)

    async def complete(order: PaymentOrder, parties: Parties) -> Parties:
        async with places:
            return await _completed(neighbours, order, parties)

    distinct = {
        (order.payee, order.from_wallet_id): (order, parties)
        for order, parties in zip(orders, known, strict=True)
    }
    asked = await all_of(complete(*pair) for pair in distinct.values())
    found = dict(zip(distinct, asked, strict=True))
    return [found[order.payee, order.from_wallet_id] for order in orders]


def _ends(order: PaymentOrder) -> Ends:
    return Ends(order.payer_id, order.payee, order.from_wallet_id)


async def _completed(neighbours: Neighbours, order: PaymentOrder, known: Parties) -> Parties:
    payer = known.payer
    if payer is not None and not payer.is_active:
        payer = await neighbours.person_by_id(payer.user_id)
    payer_wallet = known.payer_wallet
    if payer_wallet is None and order.from_wallet_id is not None:
        payer_wallet = await neighbours.wallet(order.from_wallet_id)
    payee_wallet = known.payee_wallet
    if payee_wallet is None and order.payee.wallet_id is not None:
        payee_wallet = await neighbours.wallet(order.payee.wallet_id)
    payee = known.payee
    if payee is None or not payee.is_active:
        payee = await _ask_for_payee(neighbours, order, payee_wallet)
    return Parties(payer, payee, payer_wallet, payee_wallet)


async def _ask_for_payee(
    neighbours: Neighbours, order: PaymentOrder, wallet: Wallet | None
) -> Person | None:
    if order.payee.username is not None:
        return await neighbours.person_by_username(order.payee.username)
    user_id = wallet.owner_id if wallet else order.payee.user_id
    return None if user_id is None else await neighbours.person_by_id(user_id)
