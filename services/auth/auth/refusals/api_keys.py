"""Holds the refusals to owners of API keys."""

from kit.refusals import FieldRefusal, Refusal


class TooManyApiKeys(Refusal):
    code = "too_many_api_keys"
    status = 409
    title_en = "Too many API keys"
    title_ru = "Слишком много ключей API"
    detail_en = "You may have {most} API keys at most; revoke one first."
    detail_ru = "Ключей API может быть не больше {most}; сначала отзовите один из них."


class ApiKeyNotFound(Refusal):
    code = "api_key_not_found"
    status = 404
    title_en = "API key not found"
    title_ru = "Ключ API не найден"
    detail_en = "You have no such API key, or it was revoked."
    detail_ru = "У вас нет такого ключа API, или он отозван."


class ApiKeyExpired(FieldRefusal):
    code = "api_key_expired"
    status = 422
    field = "expires_at"
    title_en = "In the past"
    title_ru = "В прошлом"
    detail_en = "An API key can't expire before it is made."
    detail_ru = "Срок ключа API не может истечь до его создания."


class ScopeNotBounded(FieldRefusal):
    code = "scope_not_bounded"
    status = 422
    field = "scopes"
    title_en = "Scope not bounded"
    title_ru = "Область без границ"
    detail_en = "A key with wallets or an amount per day has scopes of payments and wallets only."
    detail_ru = "Ключ с кошельками или суммой в день имеет лишь области «payments» и «wallets»."
