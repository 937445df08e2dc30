"""Holds the refusals of the catalogue."""

from typing import ClassVar

from kit.refusals import FieldRefusal, Refusal


class CategoryNotFound(Refusal):
    """There is no such category, or it is not shown to the caller."""

    code = "category_not_found"
    status = 404
    title_en = "Category not found"
    title_ru = "Категория не найдена"
    detail_en = "There is no such category."
    detail_ru = "Такой категории нет."


class ParentNotFound(FieldRefusal):
    """The category that is named as the parent does not exist."""

    code = "parent_not_found"
    status = 422
    title_en = "Parent not found"
    title_ru = "Родительская категория не найдена"
    detail_en = "There is no category with this id to be the parent."
    detail_ru = "Категории с таким идентификатором нет, родителем она быть не может."
    field = "parent_id"


class CategoryCycle(FieldRefusal):
    """The category would be its own ancestor."""

    code = "category_cycle"
    status = 422
    title_en = "Category within itself"
    title_ru = "Категория внутри самой себя"
    detail_en = "A category cannot stand in itself, or in one that is below it."
    detail_ru = "Категория не может стоять в самой себе или в той, что ниже неё."
    field = "parent_id"


class CategoryTooDeep(FieldRefusal):
    """The tree of categories would have too many levels."""

    code = "category_too_deep"
    status = 422
    title_en = "Too many levels"
    title_ru = "Слишком много уровней"
    detail_en = "Categories have at most {most} levels."
    detail_ru = "У категорий не больше {most} уровней."
    field = "parent_id"


class CategoryInUse(Refusal):
    """Something still stands in the category."""

    code = "category_in_use"
    status = 409
    title_en = "Category in use"
    title_ru = "Категория используется"
    detail_en = "It holds {products} products and {categories} categories; move or delete them."
    detail_ru = "В ней товаров: {products}, категорий: {categories}; перенесите или удалите их."
    samples: ClassVar = {"products": 12, "categories": 1}


class ProductNotFound(Refusal):
    """There is no such product, or it is not shown to the caller."""

    code = "product_not_found"
    status = 404
    title_en = "Product not found"
    title_ru = "Товар не найден"
    detail_en = "There is no such product."
    detail_ru = "Такого товара нет."


class ProductCategoryNotFound(FieldRefusal):
    """The category that a product is to stand in does not exist."""

    code = "product_category_not_found"
    status = 422
    title_en = "Category of the product not found"
    title_ru = "Категория товара не найдена"
    detail_en = "There is no category with this id."
    detail_ru = "Категории с таким идентификатором нет."
    field = "category_id"


class StockOutOfRange(FieldRefusal):
    """The stock would be below zero or above the most."""

    code = "stock_out_of_range"
    status = 422
    title_en = "Stock out of range"
    title_ru = "Недопустимый остаток"
    detail_en = "The stock after the change must be from 0 to {most}."
    detail_ru = "Остаток после изменения должен быть от 0 до {most}."
    field = "stock_change"


class SlugTaken(Refusal):
    """Another one of its kind has this slug."""

    code = "slug_taken"
    status = 409
    title_en = "Slug taken"
    title_ru = "Слаг занят"
    detail_en = "There is another with this slug; name a slug of your own in “slug”."
    detail_ru = "Такой слаг уже есть; укажите другой в поле «slug»."


class TooManyCategories(Refusal):
    """There are as many categories as there may be."""

    code = "too_many_categories"
    status = 409
    title_en = "Too many categories"
    title_ru = "Слишком много категорий"
    detail_en = "There can be at most {most} categories."
    detail_ru = "Категорий может быть не больше {most}."
