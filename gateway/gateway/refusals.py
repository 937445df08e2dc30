"""Holds the refusals of the gateway itself, beside those of kit.

Refusal
├── ApiKeyInvalid           401  api_key_invalid
├── PathRefused             400  path_refused
├── OriginRefused           403  origin_refused
├── UriTooLong              414  uri_too_long
├── HeadersTooLarge         431  headers_too_large
├── UpstreamUnavailable     503  upstream_unavailable
└── UpstreamTimeout         504  upstream_timeout
"""

from kit.refusals import Refusal


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
    detail_en = "Write the path plainly: no “..”, “//”, “;”, nor such characters percent-encoded."
    detail_ru = "Запишите путь прямо: без «..», «//», «;» и без таких знаков в виде %XX."


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
