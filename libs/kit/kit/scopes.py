"""Owns the refusals of API keys, and of other tokens that are limited to scopes.

    Refusal
    ├── ScopeMissing                403  scope_missing
    ├── NotForKeys                  403  not_for_keys
    ├── KeyBounded                  403  key_bounded
    └── KeyAddressRefused              403  address_refused

Does not decide them: `kit.web.identity` and auth do.
"""

from kit.refusals import Refusal


class ScopeMissing(Refusal):
    """Refuses a token that is limited to other scopes, as RFC 6750 §3.1 says."""

    code = "scope_missing"
    status = 403
    title_en = "Scope missing"
    title_ru = "Не хватает области доступа"
    detail_en = "This needs the scope “{scope}”, which the API key or the token does not have."
    detail_ru = "Здесь нужна область доступа «{scope}», а у ключа или токена её нет."

    def __init__(self, *, scope: str) -> None:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        super().__init__(headers={"WWW-Authenticate": challenge}, scope=scope)


class NotForKeys(Refusal):
    """Refuses API keys, and other limited tokens, where no scope opens."""

    code = "not_for_keys"
    status = 403
    title_en = "Not for API keys"
    title_ru = "Недоступно по ключу API"
    detail_en = "No API key and no limited token opens this operation: log in as the user."
    detail_ru = "Ни ключ API, ни ограниченный токен сюда не допускаются: войдите пользователем."


class KeyAddressRefused(Refusal):
    """Refuses an API key from where its owner does not allow it."""

    code = "address_refused"
    status = 403
    title_en = "Address not allowed"
    title_ru = "Адрес не разрешён"
    detail_en = "This API key may not be used from your address."
    detail_ru = "С вашего адреса этот ключ API использовать нельзя."


class KeyBounded(Refusal):
    """Refuses an API key where its bounds could not be kept to."""

    code = "key_bounded"
    status = 403
    title_en = "Not for this API key"
    title_ru = "Не для этого ключа API"
    detail_en = "This API key is bounded to wallets or to an amount; here it can't be held to that."
    detail_ru = "Ключ API ограничен кошельками или суммой; здесь этого нельзя соблюсти."
