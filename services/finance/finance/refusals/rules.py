"""Holds the refusals of rules."""

from finance.refusals.fields import NamedFieldRefusal
from kit.refusals import Refusal


class RuleNotFound(Refusal):
    """There is no such rule in the caller's book."""

    code = "rule_not_found"
    status = 404
    title_en = "Rule not found"
    title_ru = "Правило не найдено"
    detail_en = "There is no such rule."
    detail_ru = "Такого правила нет."


class RulePayeeUnknown(NamedFieldRefusal):
    """Nobody has the name that a rule gives."""

    code = "payee_unknown"
    status = 422
    title_en = "Nobody of this name"
    title_ru = "Нет никого с таким именем"
    detail_en = "There is no user of this name."
    detail_ru = "Пользователя с таким именем нет."
    field = "payee_username"


class TooManyRules(Refusal):
    """There are as many rules in the book as there may be."""

    code = "too_many_rules"
    status = 409
    title_en = "Too many rules"
    title_ru = "Слишком много правил"
    detail_en = "There can be at most {most} rules."
    detail_ru = "Правил может быть не больше {most}."
