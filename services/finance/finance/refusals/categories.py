"""Holds the refusals of categories."""

from finance.refusals.fields import NamedFieldRefusal
from kit.refusals import Refusal


class FinanceCategoryNotFound(Refusal):
    """There is no such category in the caller's book."""

    code = "category_not_found"
    status = 404
    title_en = "Category not found"
    title_ru = "Категория не найдена"
    detail_en = "There is no such category."
    detail_ru = "Такой категории нет."


class CategoryNotYours(NamedFieldRefusal):
    """The category that is named in a request is not in the caller's book."""

    code = "category_unknown"
    status = 422
    title_en = "Category not found"
    title_ru = "Категория не найдена"
    detail_en = "You have no category with this id."
    detail_ru = "Категории с таким идентификатором у вас нет."
    field = "category_id"
