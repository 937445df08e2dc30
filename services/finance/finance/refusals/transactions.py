"""Holds the refusals of transactions, transfers, and what recurs."""

from finance.refusals.fields import NamedFieldRefusal
from kit.refusals import FieldRefusal, Refusal


class TransactionNotFound(Refusal):
    """There is no such transaction in the caller's book."""

    code = "transaction_not_found"
    status = 404
    title_en = "Transaction not found"
    title_ru = "Операция не найдена"
    detail_en = "There is no such transaction."
    detail_ru = "Такой операции нет."


class ListTooWide(Refusal):
    """What a list is asked for is too rare among all that it was looked for in."""

    code = "list_too_wide"
    status = 422
    title_en = "List too wide"
    title_ru = "Слишком широкий список"
    detail_en = "Too few of so many transactions fit: narrow by from and to, account or category."
    detail_ru = (
        "Среди стольких операций подходит слишком мало: сузьте список датами, счётом или"
        " категорией."
    )


class TransactionLinked(Refusal):
    """The transaction is a wallet's movement."""

    code = "transaction_linked"
    status = 409
    title_en = "Transaction is a wallet's"
    title_ru = "Операция связана с кошельком"
    detail_en = "It is a movement of a wallet: only its category, splits, tags and note may change."
    detail_ru = "Это движение кошелька: менять можно только категорию, части, метки и заметку."


class TransferFixed(Refusal):
    """More than the date and the texts of a transfer would change."""

    code = "transfer_fixed"
    status = 409
    title_en = "Transfer is fixed"
    title_ru = "Перевод не изменить"
    detail_en = "Of a transfer only date, description, note and tags may change; else delete it."
    detail_ru = "У перевода меняются лишь дата, описание, заметка и метки; иначе удалите его."


class TypeNotSaid(FieldRefusal):
    """Neither the type nor a category says which way the money went."""

    code = "type_not_said"
    status = 422
    title_en = "Type not said"
    title_ru = "Тип не указан"
    detail_en = "Say whether it is income or expense, or name a category."
    detail_ru = "Укажите, доход это или расход, или назовите категорию."
    field = "type"


class SplitsDiffer(FieldRefusal):
    """The parts do not add up to the amount."""

    code = "splits_differ"
    status = 422
    title_en = "Parts do not add up"
    title_ru = "Части не сходятся"
    detail_en = "The amounts of the parts must add up to the amount of the whole."
    detail_ru = "Суммы частей должны складываться в сумму целого."
    field = "splits"


class DateOutOfRange(NamedFieldRefusal):
    """The date is none that a book has."""

    code = "date_out_of_range"
    status = 422
    title_en = "Date out of range"
    title_ru = "Недопустимая дата"
    detail_en = "Dates are from 1900-01-01 to 2999-12-31."
    detail_ru = "Даты — с 1900-01-01 по 2999-12-31."
    field = "date"


class ToAmountNeeded(FieldRefusal):
    """The accounts of a transfer have two currencies, and what arrives is not said."""

    code = "to_amount_needed"
    status = 422
    title_en = "Amount that arrives is not said"
    title_ru = "Не указана зачисляемая сумма"
    detail_en = "The accounts have two currencies: say how much arrives."
    detail_ru = "У счетов разные валюты: укажите, сколько поступает."
    field = "to_amount"


class ToAmountDiffers(FieldRefusal):
    """What arrives of a transfer is not what leaves, though the currency is one."""

    code = "to_amount_differs"
    status = 422
    title_en = "Amounts differ"
    title_ru = "Суммы различаются"
    detail_en = "In one currency what arrives is what leaves; book a fee as an expense."
    detail_ru = "В одной валюте поступает столько же, сколько ушло; комиссия — это расход."
    field = "to_amount"


class RecurrenceNotFound(Refusal):
    """There is no such recurring transaction in the caller's book."""

    code = "recurring_not_found"
    status = 404
    title_en = "Recurring transaction not found"
    title_ru = "Повторяющаяся операция не найдена"
    detail_en = "There is no such recurring transaction."
    detail_ru = "Такой повторяющейся операции нет."


class RecurrenceTooEarly(FieldRefusal):
    """What recurs would begin too long ago."""

    code = "recurring_too_early"
    status = 422
    title_en = "Begins too early"
    title_ru = "Слишком раннее начало"
    detail_en = "It may begin up to a year ago; import what is older."
    detail_ru = "Начало — не раньше года назад; более старое загрузите из файла."
    field = "next_date"


class RecurrenceEndsEarly(FieldRefusal):
    """What recurs would end before it begins."""

    code = "recurring_ends_early"
    status = 422
    title_en = "Ends before it begins"
    title_ru = "Конец раньше начала"
    detail_en = "“end_date” must not be before “next_date”."
    detail_ru = "«end_date» не может быть раньше «next_date»."
    field = "end_date"


class TooManyRecurrences(Refusal):
    """There is as much recurring in the book as there may be."""

    code = "too_many_recurring"
    status = 409
    title_en = "Too many recurring transactions"
    title_ru = "Слишком много повторяющихся операций"
    detail_en = "There can be at most {most} recurring transactions."
    detail_ru = "Повторяющихся операций может быть не больше {most}."
