"""Holds the refusals about payments, their refunds, and services.

Reasons why a *started* payment failed are no refusals: they are in ``domain/reasons.py``.
"""

from kit.refusals import Refusal


class PaymentNotFound(Refusal):
    """The payment does not exist or is others'; the caller can't tell which."""

    code = "payment_not_found"
    status = 404
    title_en = "Payment not found"
    title_ru = "Платёж не найден"
    detail_en = "There is no such payment among yours."
    detail_ru = "Среди ваших платежей такого нет."


class PayeeNotFound(Refusal):
    """Nobody is known by the payee's name or id."""

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
    """The payer would pay themselves."""

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
    """The wallet does not exist or is another's; the caller can't tell which."""

    code = "wallet_not_found"
    status = 404
    title_en = "Wallet not found"
    title_ru = "Кошелёк не найден"
    detail_en = "There is no such wallet among yours."
    detail_ru = "Среди ваших кошельков такого нет."


class CurrencyMismatch(Refusal):
    """A named wallet has another currency than the payment."""

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
    """The payment has ended; pay and cancel can't change it any more."""

    code = "payment_already_final"
    status = 409
    title_en = "Payment already final"
    title_ru = "Платёж уже завершён"
    detail_en = "The payment is {status} and can be neither paid nor cancelled any more."
    detail_ru = "Платёж завершён ({status_ru}): его нельзя ни оплатить, ни отменить."


class PaymentExpired(Refusal):
    """The payment was not paid in time and is about to be cancelled."""

    code = "payment_expired"
    status = 409
    title_en = "Payment expired"
    title_ru = "Срок платежа истёк"
    detail_en = "The payment was not paid in time; create a new one."
    detail_ru = "Платёж не был оплачен вовремя; создайте новый."


class PaymentBeingCancelled(Refusal):
    """The payment is being cancelled, so it can't be paid."""

    code = "payment_being_cancelled"
    status = 409
    title_en = "Payment being cancelled"
    title_ru = "Платёж отменяется"
    detail_en = "The payment is being cancelled; create a new one."
    detail_ru = "Платёж отменяется; создайте новый."


class PaymentBeingCaptured(Refusal):
    """The payment is past its point of no return: the money is being moved."""

    code = "payment_being_captured"
    status = 409
    title_en = "Payment being captured"
    title_ru = "Деньги уже списываются"
    detail_en = "The money is being moved and the payment can't be cancelled any more."
    detail_ru = "Деньги уже переводятся, отменить платёж нельзя."


class ServiceNotFound(Refusal):
    """There is no such service."""

    code = "service_not_found"
    status = 404
    title_en = "Service not found"
    title_ru = "Услуга не найдена"
    detail_en = "There is no service of this id."
    detail_ru = "Услуги с таким идентификатором нет."


class ServiceNotActive(Refusal):
    """The service can't be paid for now."""

    code = "service_not_active"
    status = 422
    title_en = "Service not active"
    title_ru = "Услуга не активна"
    detail_en = "The service is not offered now and can't be paid for."
    detail_ru = "Услуга сейчас не предоставляется, оплатить её нельзя."


class ServicePriceDiffers(Refusal):
    """The service has a price, and the amount differs from it."""

    code = "service_price_differs"
    status = 422
    title_en = "Amount is not the price"
    title_ru = "Сумма не равна цене"
    detail_en = "The service costs {price} {currency}; leave the amount out or name this one."
    detail_ru = "Услуга стоит {price} {currency}; не указывайте сумму или укажите эту."


class ServiceAmountMissing(Refusal):
    """The service has no price, so the payer must name the amount."""

    code = "service_amount_missing"
    status = 422
    title_en = "Amount missing"
    title_ru = "Не указана сумма"
    detail_en = "The service has no fixed price; name the amount to pay."
    detail_ru = "У услуги нет фиксированной цены; укажите сумму платежа."


class OnlyOwnerMayEdit(Refusal):
    """Somebody else than the service's owner or an admin tried to change it."""

    code = "only_owner_may_edit"
    status = 403
    title_en = "Only the owner may edit"
    title_ru = "Изменять может только владелец"
    detail_en = "Only the owner of the service, or an admin, may change it."
    detail_ru = "Изменять услугу может только её владелец или администратор."


class BulkNotFound(Refusal):
    """The bulk does not exist or is another's; the caller can't tell which."""

    code = "bulk_not_found"
    status = 404
    title_en = "Bulk not found"
    title_ru = "Пакет не найден"
    detail_en = "There is no such bulk among yours."
    detail_ru = "Среди ваших пакетов такого нет."


class PersonNotFound(Refusal):
    """The user that an admin asks about is not known."""

    code = "user_not_found"
    status = 404
    title_en = "User not found"
    title_ru = "Пользователь не найден"
    detail_en = "There is no such user."
    detail_ru = "Такого пользователя нет."


class LimitPerPayment(Refusal):
    """The payment is larger than its payer may make one."""

    code = "limit_per_payment"
    status = 403
    title_en = "Above the limit of one payment"
    title_ru = "Превышен лимит одного платежа"
    detail_en = "You may pay up to {limit} {currency} at once."
    detail_ru = "За один раз можно заплатить не больше {limit} {currency}."


class LimitPerDay(Refusal):
    """With this payment the payer would pay more within a day (UTC) than they may."""

    code = "limit_per_day"
    status = 403
    title_en = "Above the limit of a day"
    title_ru = "Превышен дневной лимит"
    detail_en = "You may pay up to {limit} {currency} within a day, and this does not fit any more."
    detail_ru = (
        "За день можно заплатить не больше {limit} {currency}; этот платёж уже не помещается."
    )


class KeyLimitExceeded(Refusal):
    """The API key may not begin to pay that much more within this day (UTC)."""

    code = "key_limit_exceeded"
    status = 403
    title_en = "Above the API key's limit"
    title_ru = "Превышен лимит ключа API"
    detail_en = "This API key may pay up to {limit} {currency} within a day, and nothing else."
    detail_ru = "Этим ключом API можно заплатить за день не больше {limit} {currency}."


class ExecuteAtInThePast(Refusal):
    """The scheduled time is over."""

    code = "execute_at_in_the_past"
    status = 422
    title_en = "Time is over"
    title_ru = "Время уже прошло"
    detail_en = "execute_at must lie in the future; leave it out to pay now."
    detail_ru = "execute_at должно быть в будущем; чтобы платить сейчас, не указывайте его."


class ExecuteAtTooFar(Refusal):
    """The scheduled time is further ahead than can be planned."""

    code = "execute_at_too_far"
    status = 422
    title_en = "Time is too far away"
    title_ru = "Слишком далёкое время"
    detail_en = "execute_at may be at most one year ahead."
    detail_ru = "execute_at может отстоять не более чем на год."


class RefundNotFound(Refusal):
    """The payment has no such refund."""

    code = "refund_not_found"
    status = 404
    title_en = "Refund not found"
    title_ru = "Возврат не найден"
    detail_en = "The payment has no such refund."
    detail_ru = "У платежа нет такого возврата."


class OnlyPayeeMayRefund(Refusal):
    """The payer tried to refund."""

    code = "only_payee_may_refund"
    status = 403
    title_en = "Only the payee may refund"
    title_ru = "Вернуть деньги может только получатель"
    detail_en = "You made this payment; only its payee can give the money back."
    detail_ru = "Вы плательщик этого платежа; вернуть деньги может только получатель."


class PaymentNotPaid(Refusal):
    """The payment has never been paid, so it can't be refunded."""

    code = "payment_not_paid"
    status = 409
    title_en = "Payment not paid"
    title_ru = "Платёж не оплачен"
    detail_en = "The payment has not been paid, so that nothing can go back."
    detail_ru = "Платёж не оплачен, возвращать нечего."


class RefundExceedsPayment(Refusal):
    """The sum exceeds what refunds, also those under way, leave of the payment."""

    code = "refund_exceeds_payment"
    status = 409
    title_en = "More than is left of the payment"
    title_ru = "Больше, чем осталось от платежа"
    detail_en = "Refunds, those on their way included, leave {left} {currency} of the payment."
    detail_ru = "С учётом возвратов в пути от платежа осталось {left} {currency}."


class RefundNotCovered(Refusal):
    """The payee's wallet does not hold the sum of the refund."""

    code = "refund_not_covered"
    status = 409
    title_en = "Refund not covered"
    title_ru = "Недостаточно денег для возврата"
    detail_en = "The wallet that was paid into does not hold that much; nothing has moved."
    detail_ru = "В кошельке, получившем платёж, столько нет; деньги не переведены."


class RefundRefused(Refusal):
    """The wallet refused to move the money back."""

    code = "refund_refused"
    status = 409
    title_en = "Refund refused"
    title_ru = "В возврате отказано"
    detail_en = "The money could not go back: {reason}. Nothing has moved."
    detail_ru = "Вернуть деньги не удалось: {reason_ru}. Деньги не переведены."
