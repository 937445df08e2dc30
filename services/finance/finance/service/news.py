"""Takes in what other services tell, a batch at once. Its caller commits."""

from collections.abc import Collection, Sequence
from uuid import UUID

from contracts.shop import OrderPaid
from contracts.wallet import WalletOpened
from finance.domain.books import BookOwner
from finance.domain.feed.purchases import Purchase, PurchaseItem
from finance.repository import Books, FileJobs, FinancePeople, LinkedAccounts
from finance.repository.feed.linked_accounts import NewWallet
from finance.service.feed.purchases import keep_purchases
from finance.service.people import people_of, remember_people
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope


async def hear(uow: UnitOfWork, envelopes: Sequence[Envelope], *, time_zone: str) -> None:
    """Take in events of all kinds; the books concerned are locked at once.

    So two batches wait for each other, and never deadlock. A new book begins with ``time_zone``;
    of somebody who was deleted while it was waited for, it is deleted again.
    """
    people = people_of(envelopes)
    opened = [_wallet(one.message) for one in envelopes if isinstance(one.message, WalletOpened)]
    bought = [_purchase(one.message) for one in envelopes if isinstance(one.message, OrderPaid)]
    leavers = {one.user_id for one in people if one.is_deleted}
    owners = {one.owner_id for one in opened} | {one.user_id for one in bought}
    owners -= await FinancePeople(uow).without_book(owners)
    await FileJobs(uow).forget(leavers, uow.clock.now())  # jobs are locked before books
    await _lock(uow, owners | leavers, time_zone)
    await remember_people(uow, people)
    if gone := await FinancePeople(uow).without_book(owners):
        await Books(uow).forget(gone)
    staying = owners - gone
    wallets = [one for one in opened if one.owner_id in staying]
    await LinkedAccounts(uow).open(wallets, uow.clock.now())
    await keep_purchases(uow, [one for one in bought if one.user_id in staying])


async def _lock(uow: UnitOfWork, owners: Collection[UUID], time_zone: str) -> None:
    if owners:
        concerned = [BookOwner(one, time_zone) for one in sorted(owners)]
        await Books(uow).lock_many(concerned, uow.clock.now())


def _wallet(told: WalletOpened) -> NewWallet:
    return NewWallet(told.account_id, told.owner_id, told.currency, told.name)


def _purchase(told: OrderPaid) -> Purchase:
    items = [PurchaseItem(one.name, one.categories, one.amount_minor) for one in told.items]
    return Purchase(told.payment_id, told.buyer_id, told.order_id, items)
