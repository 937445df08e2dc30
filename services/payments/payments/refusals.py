"""Every "no" that payments can say, with its stable code and its text in both languages.

Refusal
├── PaymentNotFound          404  payment_not_found
├── ChargeNotFound           404  charge_not_found
├── WebhookRefused           401  webhook_refused
├── WalletNotFound           404  wallet_not_found
├── PayeeNotFound            422  payee_not_found
├── PayeeIsPayer             422  payee_is_payer
├── PayeeNotActive           422  payee_not_active
├── CurrencyMismatch         422  currency_mismatch
├── PayerNotActive           403  payer_not_active
├── OnlyPayerMayPay          403  only_payer_may_pay
├── OnlyPayerMayCancel       403  only_payer_may_cancel
├── PaymentAlreadyFinal      409  payment_already_final
├── PaymentExpired           409  payment_expired
├── PaymentBeingCancelled    409  payment_being_cancelled
└── PaymentBeingCaptured     409  payment_being_captured

Reasons why a *started* payment failed are not refusals: they stand in ``domain/reasons.py``.
"""

from kit.refusals import Refusal


class PaymentNotFound(Refusal):
    """No such payment, or one of other people: nobody can tell these apart."""

    code = "payment_not_found"
    status = 404
    title_en = "Payment not found"
    title_ru = "Платёж не найден"
    detail_en = "There is no such payment among yours."
    detail_ru = "Среди ваших платежей такого нет."


class PayeeNotFound(Refusal):
    """The payee named is nobody known."""

    code = "payee_not_found"
    status = 422
    title_en = "Payee not found"
    title_ru = "Получатель не найден"
    detail_en = "Nobody is known by the username, user id or wallet id given as payee."
    detail_ru = "По указанному имени, идентификатору или кошельку получатель не найден."


class PayeeNotActive(Refusal):
    """The payee exists but can't be paid: not activated yet, or disabled."""

    code = "payee_not_active"
    status = 422
    title_en = "Payee not active"
    title_ru = "Получатель не активен"
    detail_en = "The payee's account is not active, so that it can't be paid."
    detail_ru = "Учётная запись получателя не активна, платить ей нельзя."


class PayeeIsPayer(Refusal):
    """A payment to oneself."""

    code = "payee_is_payer"
    status = 422
    title_en = "Payment to oneself"
    title_ru = "Платёж самому себе"
    detail_en = "Payer and payee are the same person; name somebody else as payee."
    detail_ru = "Плательщик и получатель совпадают; укажите другого получателя."


class PayerNotActive(Refusal):
    """The payer has been disabled since the token was issued."""

    code = "payer_not_active"
    status = 403
    title_en = "Payer not active"
    title_ru = "Плательщик не активен"
    detail_en = "Your account is not active, so that it can't pay."
    detail_ru = "Ваша учётная запись не активна, платить с неё нельзя."


class WalletNotFound(Refusal):
    """The wallet to pay from does not exist or is not the payer's: nobody can tell these apart."""

    code = "wallet_not_found"
    status = 404
    title_en = "Wallet not found"
    title_ru = "Кошелёк не найден"
    detail_en = "The wallet to pay from is not among yours."
    detail_ru = "Среди ваших кошельков такого нет."


class CurrencyMismatch(Refusal):
    """A wallet that was named has another currency than the payment."""

    code = "currency_mismatch"
    status = 422
    title_en = "Currencies differ"
    title_ru = "Валюты не совпадают"
    detail_en = "Both wallets must have the payment's currency, {currency}; there is no conversion."
    detail_ru = "Оба кошелька должны быть в валюте платежа, {currency}; пересчёта валют нет."


class OnlyPayerMayPay(Refusal):
    """The payee tried to pay."""

    code = "only_payer_may_pay"
    status = 403
    title_en = "Only the payer may pay"
    title_ru = "Платить может только плательщик"
    detail_en = "You receive this payment; only its payer can pay it."
    detail_ru = "Вы получатель этого платежа; оплатить его может только плательщик."


class OnlyPayerMayCancel(Refusal):
    """The payee tried to cancel."""

    code = "only_payer_may_cancel"
    status = 403
    title_en = "Only the payer may cancel"
    title_ru = "Отменить может только плательщик"
    detail_en = "You receive this payment; only its payer can cancel it."
    detail_ru = "Вы получатель этого платежа; отменить его может только плательщик."


class PaymentAlreadyFinal(Refusal):
    """Paid, failed, cancelled or refunded: it never changes again by pay or cancel."""

    code = "payment_already_final"
    status = 409
    title_en = "Payment already final"
    title_ru = "Платёж уже завершён"
    detail_en = "The payment is {status} and can be neither paid nor cancelled any more."
    detail_ru = "Платёж завершён ({status_ru}): его нельзя ни оплатить, ни отменить."


class PaymentExpired(Refusal):
    """Left unpaid past its time; about to be cancelled."""

    code = "payment_expired"
    status = 409
    title_en = "Payment expired"
    title_ru = "Срок платежа истёк"
    detail_en = "The payment was not paid in time; create a new one."
    detail_ru = "Платёж не был оплачен вовремя; создайте новый."


class PaymentBeingCancelled(Refusal):
    """Its cancellation is on its way; paying it again makes no sense."""

    code = "payment_being_cancelled"
    status = 409
    title_en = "Payment being cancelled"
    title_ru = "Платёж отменяется"
    detail_en = "The payment is being cancelled; create a new one."
    detail_ru = "Платёж отменяется; создайте новый."


class PaymentBeingCaptured(Refusal):
    """Past the point of no return: the money is being moved."""

    code = "payment_being_captured"
    status = 409
    title_en = "Payment being captured"
    title_ru = "Деньги уже списываются"
    detail_en = "The money is being moved and the payment can't be cancelled any more."
    detail_ru = "Деньги уже переводятся, отменить платёж нельзя."


class ChargeNotFound(Refusal):
    """The charge id is another charge's."""

    code = "charge_not_found"
    status = 404
    title_en = "Charge not found"
    title_ru = "Списание с карты не найдено"
    detail_en = "There is no such charge for this wallet."
    detail_ru = "Такого списания для этого кошелька нет."


class WebhookRefused(Refusal):
    """Not signed by the provider, signed too long ago, or not readable: it is not told which."""

    code = "webhook_refused"
    status = 401
    title_en = "Webhook not accepted"
    title_ru = "Уведомление не принято"
    detail_en = "Its signature does not fit the body, is older than five minutes, or is missing."
    detail_ru = "Подпись не подходит к телу, старше пяти минут или отсутствует."
