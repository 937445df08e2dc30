"""Holds the refusals of categories."""

from finance.refusals.fields import InUseRefusal, NamedFieldRefusal
from kit.refusals import FieldRefusal, Refusal


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


class CategoryTypeDiffers(NamedFieldRefusal):
    """The category is for income where expense is meant, or the reverse."""

    code = "category_type_differs"
    status = 422
    title_en = "Category of the other type"
    title_ru = "Категория другого типа"
    detail_en = "The category is for money that goes the other way."
    detail_ru = "Эта категория — для денег, идущих в другую сторону."
    field = "category_id"


class CategoriesSame(NamedFieldRefusal):
    """Two different categories were asked for."""

    code = "categories_same"
    status = 422
    title_en = "The same category twice"
    title_ru = "Одна и та же категория"
    detail_en = "It must be another category."
    detail_ru = "Это должна быть другая категория."
    field = "move_to"


class FinanceCategoryExists(Refusal):
    """The book has a category of this type and name."""

    code = "category_exists"
    status = 409
    title_en = "Category exists"
    title_ru = "Категория уже есть"
    detail_en = "You have a category of this type and name already."
    detail_ru = "Категория этого типа с таким названием у вас уже есть."


class FinanceCategoryInUse(InUseRefusal):
    """Something refers to the category."""

    code = "category_in_use"
    title_en = "Category in use"
    title_ru = "Категория используется"
    detail_en = "“errors” says what has it; change that, or delete the category with “move_to”."
    detail_ru = "В «errors» — где она есть; измените это или удалите категорию с «move_to»."


class FinanceParentNotFound(FieldRefusal):
    """The category that is named as the parent does not exist."""

    code = "parent_not_found"
    status = 422
    title_en = "Parent not found"
    title_ru = "Родительская категория не найдена"
    detail_en = "You have no category with this id to be the parent."
    detail_ru = "Категории с таким идентификатором у вас нет, родителем она быть не может."
    field = "parent_id"


class FinanceCategoryCycle(FieldRefusal):
    """The category would be its own ancestor."""

    code = "category_cycle"
    status = 422
    title_en = "Category within itself"
    title_ru = "Категория внутри самой себя"
    detail_en = "A category cannot stand in itself, or in one that is below it."
    detail_ru = "Категория не может стоять в самой себе или в той, что ниже неё."
    field = "parent_id"


class FinanceCategoryTooDeep(FieldRefusal):
    """The tree of categories would have too many levels."""

    code = "category_too_deep"
    status = 422
    title_en = "Too many levels"
    title_ru = "Слишком много уровней"
    detail_en = "Categories have at most {most} levels."
    detail_ru = "У категорий не больше {most} уровней."
    field = "parent_id"


class TooManyFinanceCategories(Refusal):
    """There are as many categories in the book as there may be."""

    code = "too_many_categories"
    status = 409
    title_en = "Too many categories"
    title_ru = "Слишком много категорий"
    detail_en = "There can be at most {most} categories."
    detail_ru = "Категорий может быть не больше {most}."
