"""Holds the refusals of accounts."""

from finance.refusals.fields import NamedFieldRefusal
from kit.refusals import Refusal


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
