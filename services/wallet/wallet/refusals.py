"""Defines every "no" that wallet alone can say.

Refusal
├── FieldRefusal
│   ├── WalletCurrencyDiffers 422  currency_mismatch
│   └── AccountUnknown     422  account_unknown
├── StatementTooLong       422  statement_too_long
├── TransactionReused      409  transaction_reused
├── BalanceLimit           409  balance_limit
├── WalletClosed           409  wallet_closed
├── TooManyWallets         409  too_many_wallets
├── TooManyTopUps          409  too_many_top_ups
├── AdjustmentNeedsAnother 403  adjustment_needs_another
├── AdjustmentDecided      409  adjustment_decided
├── AdjustmentExpired      409  adjustment_expired
├── AdjustmentImpossible   409  adjustment_impossible
└── SandboxMoneyRefused    403  sandbox_money_refused

Others stand where all who say them find them: `kit.refusals`, `kit.signatures`, `contracts.cards`,
`contracts.wallet`. The ledger refuses other services in replies; `domain.commands` has the codes.
"""

from collections.abc import Iterable
from typing import ClassVar

from kit.money import decimal_text
from kit.refusals import FieldFault, FieldRefusal, Refusal
from wallet.domain.commands import Refused
from wallet.domain.wallets import Wallet


class WalletCurrencyDiffers(FieldRefusal):
    code = "currency_mismatch"
    status = 422
    field = "currency"
    title_en = "The wallet has another currency"
    title_ru = "Валюта кошелька другая"
    detail_en = "This wallet holds {currency}; there is no conversion."
    detail_ru = "Этот кошелёк ведётся в {currency}; обмена валют нет."

    def __init__(self, *, currency: str) -> None:
        super().__init__(currency=currency)


class StatementTooLong(Refusal):
    code = "statement_too_long"
    status = 422
    title_en = "Statement too long"
    title_ru = "Выписка слишком длинная"
    detail_en = "The period has more than {limit} entries. Narrow it, or ask for format=csv."
    detail_ru = "В периоде больше {limit} записей. Сузьте его или запросите format=csv."

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=limit)


class BalanceLimit(Refusal):
    code = "balance_limit"
    status = 409
    title_en = "Balance limit reached"
    title_ru = "Достигнут предел остатка"
    detail_en = "The wallet cannot hold that much more."
    detail_ru = "На кошелёк нельзя зачислить столько."


class WalletClosed(Refusal):
    code = "wallet_closed"
    status = 409
    title_en = "Wallet closed"
    title_ru = "Кошелёк закрыт"
    detail_en = "Its owner is deleted; a wallet like that is no longer used."
    detail_ru = "Владелец удалён; таким кошельком больше не пользуются."


def standing_faults(wallets: Iterable[Wallet]) -> list[FieldFault]:
    """Return a fault for each amount of each wallet, for `WalletNotEmpty`."""
    return [fault for one in wallets for fault in _standing(one)]


def _standing(wallet: Wallet) -> Iterable[FieldFault]:
    for code, minor, word_en, word_ru in (
        ("balance", wallet.balance_minor, "holds", "на нём"),
        ("held", wallet.held_minor, "has set aside", "отложено"),
        ("owed", wallet.owed_minor, "owes", "долг"),
    ):
        if minor:
            amount = f"{decimal_text(minor, wallet.currency)} {wallet.currency}"
            yield FieldFault(
                pointer=f"/wallets/{wallet.id}",
                code=code,
                detail_en=f"Wallet {wallet.number} {word_en} {amount}.",
                detail_ru=f"Кошелёк {wallet.number}: {word_ru} {amount}.",
            )


class TooManyWallets(Refusal):
    code = "too_many_wallets"
    status = 409
    title_en = "No more wallets"
    title_ru = "Больше кошельков нельзя"
    detail_en = "You may have {limit} wallets beside the default one of each currency."
    detail_ru = "Кроме основного в каждой валюте, можно иметь {limit} кошельков."

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=limit)


class TooManyTopUps(Refusal):
    code = "too_many_top_ups"
    status = 409
    title_en = "Too much for one day"
    title_ru = "Слишком много за день"
    detail_en = "You may put {most} {currency} into your wallets on one day (UTC)."
    detail_ru = "За день (UTC) на кошельки можно зачислить {most} {currency}."

    def __init__(self, *, most: str, currency: str) -> None:
        super().__init__(most=most, currency=currency)


class AccountUnknown(FieldRefusal):
    code = "account_unknown"
    status = 422
    title_en = "Account not found"
    title_ru = "Счёт не найден"
    detail_en = "There is no such account in this currency."
    detail_ru = "Такого счёта в этой валюте нет."

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__()


class AdjustmentNeedsAnother(Refusal):
    code = "adjustment_needs_another"
    status = 403
    title_en = "Another administrator has to confirm"
    title_ru = "Нужен другой администратор"
    detail_en = "Whoever has proposed an adjustment can't confirm it."
    detail_ru = "Кто предложил исправление, тот не может его подтвердить."


class AdjustmentDecided(Refusal):
    code = "adjustment_decided"
    status = 409
    title_en = "Adjustment already decided"
    title_ru = "Исправление уже решено"
    detail_en = "It is posted or rejected already."
    detail_ru = "Оно уже проведено или отклонено."


class AdjustmentExpired(Refusal):
    code = "adjustment_expired"
    status = 409
    title_en = "Adjustment expired"
    title_ru = "Срок исправления истёк"
    detail_en = "Nobody has confirmed it in time. Propose it again."
    detail_ru = "Его никто не подтвердил вовремя. Предложите его заново."


class AdjustmentImpossible(Refusal):
    """The ledger refuses the posting; `errors` has its code. The proposal stays open."""

    code = "adjustment_impossible"
    status = 409
    title_en = "The ledger refuses it"
    title_ru = "Проводка невозможна"
    detail_en = "{why_en} The adjustment can be confirmed once that has changed."
    detail_ru = "{why_ru} Исправление можно подтвердить, когда это изменится."
    samples: ClassVar = {
        "why_en": "The wallet does not have that much.",
        "why_ru": "В кошельке нет такой суммы.",
    }

    def __init__(self, refused: Refused) -> None:
        why_en, why_ru = _WHY[refused.code]
        fault = FieldFault("", refused.code, why_en, why_ru)
        super().__init__(errors=(fault,), why_en=why_en, why_ru=why_ru)


_WHY = {
    "insufficient_funds": (
        "There is not enough money available on the account it is taken from.",
        "На счёте списания недостаточно доступных денег.",
    ),
    "balance_limit": (
        "The account it goes to can't hold that much more.",
        "Счёт зачисления не вмещает такой суммы.",
    ),
    "same_account": (
        "Both sides are the same account.",
        "Обе стороны — один и тот же счёт.",
    ),
    "wallet_not_found": (
        "The wallet it is taken from is closed.",
        "Кошелёк списания закрыт.",
    ),
}


class SandboxMoneyRefused(Refusal):
    code = "sandbox_money_refused"
    status = 403
    title_en = "No sandbox money here"
    title_ru = "Учебные деньги недоступны"
    detail_en = "Sandbox money exists outside production only."
    detail_ru = "Учебные деньги есть только вне рабочей среды."


class TransactionReused(Refusal):
    code = "transaction_reused"
    status = 409
    title_en = "Transaction id already used"
    title_ru = "Номер операции уже использован"
    detail_en = "A credit with this transaction id came before and said something else."
    detail_ru = "Зачисление с этим номером операции уже было, и в нём говорилось другое."
