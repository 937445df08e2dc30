"""Holds the refusals of budgets."""

from kit.refusals import Refusal


class BudgetNotFound(Refusal):
    """There is no such budget in the caller's book."""

    code = "budget_not_found"
    status = 404
    title_en = "Budget not found"
    title_ru = "Бюджет не найден"
    detail_en = "There is no such budget."
    detail_ru = "Такого бюджета нет."


class BudgetExists(Refusal):
    """The category has a budget of this currency from this month on already."""

    code = "budget_exists"
    status = 409
    title_en = "Budget set already"
    title_ru = "Бюджет уже задан"
    detail_en = "The category has a budget from this month on; change that one."
    detail_ru = "У категории уже есть бюджет с этого месяца; измените его."


class TooManyBudgets(Refusal):
    """There is no room in the book for another budget."""

    code = "too_many_budgets"
    status = 409
    title_en = "Too many budgets"
    title_ru = "Слишком много бюджетов"
    detail_en = "There can be {most} budgets at most; delete old ones first."
    detail_ru = "Бюджетов может быть не более {most}; сначала удалите старые."
