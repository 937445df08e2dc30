"""Takes in what other services tell, a batch at once. Its caller commits."""

from collections.abc import Sequence

from contracts.auth import UserChanged, UserRegistered
from contracts.shop import OrderPaid
from contracts.wallet import MERCHANTS, WalletOpened
from finance.domain.books import BookOwner
from finance.domain.purchases import Purchase, PurchaseItem
from finance.repository import Books, FinancePeople, LinkedAccounts
from finance.repository.linked_accounts import NewWallet
from finance.service.people import remember_people
from finance.service.purchases import keep_purchases
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope


async def hear(uow: UnitOfWork, envelopes: Sequence[Envelope], *, time_zone: str) -> None:
    """Take in events of all kinds; the books concerned are locked at once.

    So two batches wait for each other, and never deadlock. A new book begins with ``time_zone``.
    """
    people = [one for one in envelopes if isinstance(one.message, UserRegistered | UserChanged)]
    gone = {one.message.user_id for one in people if one.message.status == "deleted"}  # type: ignore[attr-defined]
    wallets = [_wallet(one.message) for one in envelopes if isinstance(one.message, WalletOpened)]
    wallets = [one for one in wallets if one.owner_id not in MERCHANTS]
    bought = [_purchase(one.message) for one in envelopes if isinstance(one.message, OrderPaid)]
    owners = gone | {one.owner_id for one in wallets} | {one.user_id for one in bought}
    if owners:
        concerned = [BookOwner(one, time_zone) for one in sorted(owners)]
        await Books(uow).lock_many(concerned, uow.clock.now())
    if people:
        await remember_people(uow, people)
    gone = await FinancePeople(uow).deleted(owners) if owners else set()
    if wallets := [one for one in wallets if one.owner_id not in gone]:
        await LinkedAccounts(uow).open(wallets, uow.clock.now())
    if bought := [one for one in bought if one.user_id not in gone]:
        await keep_purchases(uow, bought)


def _wallet(told: WalletOpened) -> NewWallet:
    return NewWallet(told.account_id, told.owner_id, told.currency, told.name)


def _purchase(told: OrderPaid) -> Purchase:
    items = [PurchaseItem(one.name, one.categories, one.amount_minor) for one in told.items]
    return Purchase(told.payment_id, told.buyer_id, told.order_id, items)
