"""Holds the refusals of the gateway itself, beside those of kit.

Refusal
├── ApiKeyInvalid           401  api_key_invalid
├── PathRefused             400  path_refused
├── UpgradeRefused          400  upgrade_refused
├── OriginRefused           403  origin_refused
├── RequestTooSlow          408  request_too_slow
├── UriTooLong              414  uri_too_long
├── RateLimited             429  rate_limited
├── TooManyAtOnce           429  too_many_at_once
├── HeadersTooLarge         431  headers_too_large
├── UpstreamUnavailable     503  upstream_unavailable
└── UpstreamTimeout         504  upstream_timeout
"""

from kit.refusals import Refusal, TooManyRequests


class ApiKeyInvalid(Refusal):
    """There is no such API key; it does not say whether there was one."""

    code = "api_key_invalid"
    status = 401
    title_en = "API key not accepted"
    title_ru = "Ключ API не принят"
    detail_en = "The API key is mistyped, expired or revoked, or its owner is not active."
    detail_ru = "Ключ API набран с ошибкой, истёк или отозван, либо его владелец отключён."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


class PathRefused(Refusal):
    """Two readers could understand the path differently."""

    code = "path_refused"
    status = 400
    title_en = "Path not accepted"
    title_ru = "Путь не принят"
    detail_en = "Write the path plainly: no “..”, “//”, “;”; percent-encode only what must be."
    detail_ru = (
        "Запишите путь прямо: без «..», «//», «;»; в виде %XX — только то, что иначе нельзя."
    )


class UpgradeRefused(Refusal):
    """The connection is asked to become one of another protocol (RFC 9110 §7.8)."""

    code = "upgrade_refused"
    status = 400
    title_en = "Another protocol asked for"
    title_ru = "Запрошен другой протокол"
    detail_en = "Connections stay HTTP/1.1: send the request without “Upgrade”."
    detail_ru = "Соединение остаётся HTTP/1.1: отправьте запрос без «Upgrade»."

    def __init__(self) -> None:
        super().__init__(headers={"Connection": "close"})


class RequestTooSlow(Refusal):
    """The head or the body of a request does not arrive in time."""

    code = "request_too_slow"
    status = 408
    title_en = "Request too slow"
    title_ru = "Запрос идёт слишком медленно"
    detail_en = "The request did not arrive in time. Nothing was done: send it again."
    detail_ru = "Запрос не поступил вовремя. Ничего не сделано: отправьте его ещё раз."

    def __init__(self) -> None:
        super().__init__(headers={"Connection": "close"})


class OriginRefused(Refusal):
    """A page of an origin that may not read answers asks for a stream of events."""

    code = "origin_refused"
    status = 403
    title_en = "Origin not allowed"
    title_ru = "Источник не разрешён"
    detail_en = "Pages of this origin may not open streams; see GATEWAY_CORS_ORIGINS."
    detail_ru = "Страницам этого источника потоки недоступны; см. GATEWAY_CORS_ORIGINS."


class UriTooLong(Refusal):
    """The path and the query together are too long."""

    code = "uri_too_long"
    status = 414
    title_en = "Address too long"
    title_ru = "Слишком длинный адрес"
    detail_en = "Path and query may have at most {limit_bytes} bytes together."
    detail_ru = "Путь и параметры вместе могут занимать не более {limit_bytes} байт."


class RateLimited(TooManyRequests):
    """The caller has used up the quota of a class of operations."""

    code = "rate_limited"
    title_en = "Too many requests"
    title_ru = "Слишком много запросов"
    detail_en = "The limit of RateLimit-Policy is reached; try again in {retry_after_seconds} s."
    detail_ru = "Достигнут предел из RateLimit-Policy; повторите через {retry_after_seconds} с."


class TooManyAtOnce(Refusal):
    """The caller has as many heavy requests under way as one may have."""

    code = "too_many_at_once"
    status = 429
    title_en = "Too many requests at once"
    title_ru = "Слишком много запросов одновременно"
    detail_en = "Of such requests {limit} may be under way at once; wait until one has ended."
    detail_ru = "Одновременно может выполняться не более {limit} таких запросов; дождитесь одного."

    def __init__(self, *, limit: int) -> None:
        super().__init__(headers={"Retry-After": "1"}, limit=limit)


class HeadersTooLarge(Refusal):
    """The header block is too large, or has too many fields."""

    code = "headers_too_large"
    status = 431
    title_en = "Headers too large"
    title_ru = "Слишком большие заголовки"
    detail_en = "The headers may have at most {limit_bytes} bytes and {limit_count} fields."
    detail_ru = "Заголовки могут занимать не более {limit_bytes} байт в {limit_count} полях."

    def __init__(self, *, limit_bytes: int, limit_count: int) -> None:
        super().__init__(limit_bytes=limit_bytes, limit_count=limit_count)


class UpstreamUnavailable(Refusal):
    """The service behind did not answer, or broke its answer off."""

    code = "upstream_unavailable"
    status = 503
    title_en = "Service not available"
    title_ru = "Сервис недоступен"
    detail_en = (
        "The service behind this address did not answer. Whether a change was made is not known: "
        "repeat it with the same Idempotency-Key."
    )
    detail_ru = (
        "Сервис за этим адресом не ответил. Внесено ли изменение, неизвестно: повторите запрос, "
        "указав тот же Idempotency-Key."
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class UpstreamTimeout(Refusal):
    """The service behind was silent for too long."""

    code = "upstream_timeout"
    status = 504
    title_en = "Service too slow"
    title_ru = "Сервис не успел ответить"
    detail_en = (
        "The service behind this address did not answer in time. Whether a change was made is not "
        "known: look, or repeat it with the same Idempotency-Key."
    )
    detail_ru = (
        "Сервис за этим адресом не ответил вовремя. Внесено ли изменение, неизвестно: проверьте "
        "или повторите запрос, указав тот же Idempotency-Key."
    )
