"""Holds the refusals of books and accounts."""

from finance.refusals.fields import InUseRefusal, NamedFieldRefusal
from kit.refusals import FieldRefusal, Refusal


class ZoneUnknown(FieldRefusal):
    """The time zone is none that PostgreSQL knows."""

    code = "zone_unknown"
    status = 422
    title_en = "Time zone not known"
    title_ru = "Неизвестный часовой пояс"
    detail_en = "Must be a time zone of an area, such as Europe/Moscow, or UTC."
    detail_ru = "Должен быть часовой пояс местности, например Europe/Moscow, или UTC."
    field = "time_zone"


class AccountNotFound(Refusal):
    """There is no such account in the caller's book."""

    code = "account_not_found"
    status = 404
    title_en = "Account not found"
    title_ru = "Счёт не найден"
    detail_en = "There is no such account."
    detail_ru = "Такого счёта нет."


class AccountNotYours(NamedFieldRefusal):
    """The account that is named in a request is not in the caller's book."""

    code = "account_unknown"
    status = 422
    title_en = "Account not found"
    title_ru = "Счёт не найден"
    detail_en = "You have no account with this id."
    detail_ru = "Счёта с таким идентификатором у вас нет."
    field = "account_id"


class AccountInUse(InUseRefusal):
    """Something refers to the account."""

    code = "account_in_use"
    title_en = "Account in use"
    title_ru = "Счёт используется"
    detail_en = "“errors” says what is on it; remove that, or delete the account with “move_to”."
    detail_ru = "В «errors» — что на нём есть; уберите это или удалите счёт с «move_to»."


class AccountLinked(Refusal):
    """The account is a wallet's."""

    code = "account_linked"
    status = 409
    title_en = "Account is a wallet's"
    title_ru = "Счёт связан с кошельком"
    detail_en = "The account shows a wallet: it is written by the wallet's movements alone."
    detail_ru = "Счёт показывает кошелёк: его меняют только движения кошелька."


class AccountsSame(NamedFieldRefusal):
    """Two different accounts were asked for."""

    code = "accounts_same"
    status = 422
    title_en = "The same account twice"
    title_ru = "Один и тот же счёт"
    detail_en = "It must be another account."
    detail_ru = "Это должен быть другой счёт."
    field = "to_account_id"


class CurrenciesDiffer(NamedFieldRefusal):
    """Two accounts must have one currency."""

    code = "currencies_differ"
    status = 422
    title_en = "Currencies differ"
    title_ru = "Валюты различаются"
    detail_en = "It must be an account in the same currency."
    detail_ru = "Это должен быть счёт в той же валюте."
    field = "account_id"


class BalanceOutOfRange(Refusal):
    """The balance would be more, or less, than an account can hold."""

    code = "balance_out_of_range"
    status = 422
    title_en = "Balance out of range"
    title_ru = "Недопустимый остаток"
    detail_en = "The balance of the account would be beyond what an account can hold."
    detail_ru = "Остаток на счёте вышел бы за пределы допустимого."


class TooManyAccounts(Refusal):
    """There are as many accounts in the book as there may be."""

    code = "too_many_accounts"
    status = 409
    title_en = "Too many accounts"
    title_ru = "Слишком много счетов"
    detail_en = "There can be at most {most} accounts."
    detail_ru = "Счетов может быть не больше {most}."
