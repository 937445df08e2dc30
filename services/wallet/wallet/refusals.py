"""Every "no" that wallet can say, beside those of kit.

Refusal
├── PeriodInvalid           422  period_invalid
├── WalletCurrencyDiffers   422  currency_mismatch
├── StatementTooLong        422  statement_too_long
├── WebhookRefused          401  webhook_refused
├── TransactionReused       409  transaction_reused
├── BalanceLimit            409  balance_limit
└── SandboxMoneyRefused     403  sandbox_money_refused

What the ledger refuses to other services it says in replies: the codes of `domain.commands`.
"""

from kit.refusals import FieldFault, Refusal


class PeriodInvalid(Refusal):
    code = "period_invalid"
    status = 422
    title_en = "Period not accepted"
    title_ru = "Период не принят"
    detail_en = "“from” must be before “to”."
    detail_ru = "«from» должно быть раньше «to»."


class WalletCurrencyDiffers(Refusal):
    code = "currency_mismatch"
    status = 422
    title_en = "The wallet has another currency"
    title_ru = "Валюта кошелька другая"
    detail_en = "This wallet holds {currency}; there is no conversion."
    detail_ru = "Этот кошелёк ведётся в {currency}; обмена валют нет."

    def __init__(self, *, currency: str) -> None:
        fault = FieldFault(
            pointer="/currency",
            code=self.code,
            detail_en=self.detail_en.format(currency=currency),
            detail_ru=self.detail_ru.format(currency=currency),
        )
        super().__init__(errors=(fault,), currency=currency)


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


class SandboxMoneyRefused(Refusal):
    code = "sandbox_money_refused"
    status = 403
    title_en = "No sandbox money here"
    title_ru = "Учебные деньги недоступны"
    detail_en = "Sandbox money exists outside production only."
    detail_ru = "Учебные деньги есть только вне рабочей среды."


class WebhookRefused(Refusal):
    code = "webhook_refused"
    status = 401
    title_en = "Webhook not accepted"
    title_ru = "Уведомление не принято"
    detail_en = "Its signature does not fit the body, is older than five minutes, or is missing."
    detail_ru = "Подпись не подходит к телу, старше пяти минут или отсутствует."


class TransactionReused(Refusal):
    code = "transaction_reused"
    status = 409
    title_en = "Transaction id already used"
    title_ru = "Номер операции уже использован"
    detail_en = "A credit with this transaction id came before and said something else."
    detail_ru = "Зачисление с этим номером операции уже было, и в нём говорилось другое."
