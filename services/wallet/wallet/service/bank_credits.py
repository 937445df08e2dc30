"""Books banks' credits: to the wallet named, else to a suspense account."""

from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from kit.money import decimal_text
from wallet.domain.commands import Party, Posted, Transfer
from wallet.domain.wallets import HouseAccount, Wallet
from wallet.refusals import TransactionReused
from wallet.repository.bank_credits import BankCredit, BankCredits
from wallet.repository.wallets import Wallets
from wallet.service.postings import emit_movements, settle

KIND = "bank_credit"

log = get_logger(__name__)


async def take_credit(uow: UnitOfWork, credit: BankCredit) -> BankCredit:
    """Book a credit once for each transaction; return what is stored, now or before.

    The bank has the money already, so a credit is never refused. If there is no such wallet, it
    can't take the money, or its owner is deleted, the money waits on a suspense account until
    somebody looks at it.

    Raises:
        TransactionReused: the transaction came before with other content.
    """
    rows = BankCredits(uow)
    known = await rows.add(credit, uow.clock.now())
    if known is not None:
        if known.says_the_same(credit):
            return known
        log.error("bank_transaction_reused", transaction_id=credit.transaction_id)
        raise TransactionReused
    wallet = await _named(uow, credit.wallet)
    fits = wallet is not None and wallet.currency == credit.currency
    posted = None
    if wallet and fits:
        posted = await _post(uow, credit, Party(wallet.owner_id, wallet.id))
        if posted and posted.payee_account_id == wallet.id:
            _log(uow, credit, wallet)
            return credit
    log.error("bank_credit_in_suspense", transaction_id=credit.transaction_id, wallet=credit.wallet)
    if posted is None:
        suspense = HouseAccount("suspense", credit.provider, credit.currency)
        await _post(uow, credit, Party(None, await _account(uow, suspense)))
    await rows.suspend(credit)
    return credit._replace(is_suspense=True)


def _log(uow: UnitOfWork, credit: BankCredit, wallet: Wallet) -> None:
    uow.after_commit(
        lambda: log.info(
            "bank_credited",
            wallet_id=str(wallet.id),
            transfer_id=str(credit.transfer_id),
            amount=decimal_text(credit.amount_minor, credit.currency),
            currency=credit.currency,
            provider=credit.provider,
        )
    )


async def _named(uow: UnitOfWork, name: str) -> Wallet | None:
    if name.isdigit():
        return await Wallets(uow).find_by_number(int(name))
    return await Wallets(uow).find(UUID(name))


async def _account(uow: UnitOfWork, wanted: HouseAccount) -> UUID:
    return await Wallets(uow).house_account(wanted, new_id(), uow.clock.now())


async def _post(uow: UnitOfWork, credit: BankCredit, payee: Party) -> Posted | None:
    clearing = HouseAccount("external", credit.provider, credit.currency)
    command = Transfer(
        command_id=new_id(),
        transfer_id=credit.transfer_id,
        payer=Party(None, await _account(uow, clearing)),
        payee=payee,
        amount_minor=credit.amount_minor,
        currency=credit.currency,
        reference=credit.transaction_id,
        kind=KIND,
        description=None,
    )
    book, [outcome] = await settle(uow, [command])
    if not isinstance(outcome, Posted):
        return None
    emit_movements(uow, book)
    return outcome
