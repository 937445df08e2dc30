"""Owns what a refusal is, and the refusals that every service shares.

Services add their own. It knows no HTTP answers: `kit.web.problems` renders a refusal as RFC 9457
problem+json.

    Refusal
    ├── NotAuthenticated            401  not_authenticated
    ├── TokenInvalid                401  token_invalid
    ├── Forbidden                   403  forbidden
    ├── NotFound                    404  not_found
    ├── MethodNotAllowed            405  method_not_allowed
    ├── BodyUnreadable              400  body_unreadable
    ├── BodyTooLarge                413  body_too_large
    ├── BodyTooComplex              413  body_too_complex
    ├── ContentTypeUnsupported      415  content_type_unsupported
    ├── RequestRefused              4xx  request_refused
    ├── QueryInvalid                400  query_invalid
    ├── CursorInvalid               400  cursor_invalid
    ├── ValidationFailed            422  validation_failed
    ├── IdempotencyKeyMalformed     400  idempotency_key_malformed
    ├── IdempotencyKeyReused        422  idempotency_key_reused
    ├── IdempotencyInFlight         409  idempotency_in_flight
    ├── TooManyRequests             429  too_many_requests
    │   └── TooManyKeys             429  too_many_keys
    ├── InternalError               500  internal_error
    └── Unavailable                 503  unavailable
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isclass
from types import ModuleType
from typing import ClassVar, Literal

Language = Literal["en", "ru"]


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One fault of one field: where it is, a stable code, and why.

    `pointer` is by RFC 6901; the reason is in both languages.
    """

    pointer: str
    code: str
    detail_en: str
    detail_ru: str

    def detail(self, language: Language) -> str:
        """Return the reason in one language."""
        return self.detail_ru if language == "ru" else self.detail_en


class Refusal(Exception):  # noqa: N818 (a no is an answer, not an error)
    """A business "no" with a stable code, a status and a text in both languages.

    A subclass sets the class attributes; `detail_*` are `str.format` templates filled from the
    keyword arguments. Those arguments are figures and names of the service itself: a value that
    the caller sent never belongs there, since it would be echoed. `samples` stand for those
    arguments in documents, where kit has none of the name (`kit.web.openapi.problems`).
    """

    code: ClassVar[str]
    status: int
    title_en: ClassVar[str]
    title_ru: ClassVar[str]
    detail_en: str
    detail_ru: str
    samples: ClassVar[Mapping[str, object]] = {}

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Iterable[FieldFault] = (),
        **params: object,
    ) -> None:
        super().__init__(self.code)
        self.headers: dict[str, str] = dict(headers or {})
        self.errors: tuple[FieldFault, ...] = tuple(errors)
        self.params: Mapping[str, object] = params
        self.members: Mapping[str, object] = {}  # further ones of the problem (RFC 9457 §3.2)

    @classmethod
    def title(cls, language: Language = "en") -> str:
        """Return the name of this kind of refusal, the same for every occurrence."""
        return cls.title_ru if language == "ru" else cls.title_en

    def detail(self, language: Language = "en") -> str:
        """Return what went wrong this time and what to do about it."""
        template = self.detail_ru if language == "ru" else self.detail_en
        return template.format_map(self.params) if self.params else template

    def __str__(self) -> str:
        return f"{self.code}: {self.detail()}"


class FieldRefusal(Refusal):
    """Refuses one field; `errors` names it, with the refusal's code and texts."""

    field: str

    def __init__(self, **params: object) -> None:
        super().__init__()
        self.params = params
        pointer = f"/{self.field}"
        self.errors = (FieldFault(pointer, self.code, self.detail("en"), self.detail("ru")),)


def catalogue(*modules: ModuleType) -> list[type[Refusal]]:
    """Return the refusals that modules or packages define, by code.

    Raises:
        ValueError: two of them have one code.
    """
    found: dict[str, type[Refusal]] = {}
    for module in modules:
        for member in vars(module).values():
            if not (isclass(member) and issubclass(member, Refusal) and "code" in vars(member)):
                continue
            is_own = f"{member.__module__}.".startswith(f"{module.__name__}.")
            if is_own and found.setdefault(member.code, member) != member:
                raise ValueError(f"two refusals are called {member.code}")
    return [found[code] for code in sorted(found)]


class NotAuthenticated(Refusal):
    code = "not_authenticated"
    status = 401
    title_en = "Not signed in"
    title_ru = "Вход не выполнен"
    detail_en = "Send an access token in the header “Authorization: Bearer …”."
    detail_ru = "Передайте токен доступа в заголовке «Authorization: Bearer …»."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class TokenInvalid(Refusal):
    code = "token_invalid"
    status = 401
    title_en = "Token not accepted"
    title_ru = "Токен не принят"
    detail_en = "The access token is malformed, expired or revoked. Refresh it or sign in again."
    detail_ru = "Токен доступа повреждён, истёк или отозван. Обновите его или войдите снова."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


class Forbidden(Refusal):
    code = "forbidden"
    status = 403
    title_en = "Not allowed"
    title_ru = "Доступ запрещён"
    detail_en = "Your account may not use this operation."
    detail_ru = "Вашей учётной записи эта операция недоступна."


class NotFound(Refusal):
    code = "not_found"
    status = 404
    title_en = "Not found"
    title_ru = "Не найдено"
    detail_en = "There is nothing here, or it is not yours."
    detail_ru = "Здесь ничего нет, или это не ваше."


class PathUnknown(NotFound):
    """No operation has the path; `near` is a similar path that one has."""

    def __init__(self, *, near: str | None = None) -> None:
        super().__init__(near=near)
        if near is not None:
            self.detail_en = "There is no such path; {near} is near it."
            self.detail_ru = "Такого пути нет; похожий: {near}."


class MethodNotAllowed(Refusal):
    code = "method_not_allowed"
    status = 405
    title_en = "Method not allowed"
    title_ru = "Метод не поддерживается"
    detail_en = "This address does not answer to that method; see the header “Allow”."
    detail_ru = "Этот адрес не поддерживает такой метод; см. заголовок «Allow»."

    def __init__(self, *, allowed: Iterable[str], near: str | None = None) -> None:
        super().__init__(headers={"Allow": ", ".join(sorted(allowed))}, near=near)
        self.allowed = frozenset(allowed)
        if near is not None:
            self.detail_en = f"{self.detail_en} {{near}} is near it."
            self.detail_ru = f"{self.detail_ru} Похожий путь: {{near}}."


class BodyUnreadable(Refusal):
    code = "body_unreadable"
    status = 400
    title_en = "Body unreadable"
    title_ru = "Тело запроса не читается"
    detail_en = "The body must be one valid JSON document in UTF-8, without repeated keys."
    detail_ru = "Тело должно быть одним корректным документом JSON в UTF-8, без повторов ключей."

    def __init__(
        self,
        *,
        line: int | None = None,
        column: int | None = None,
        why: tuple[str, str] | None = None,
    ) -> None:
        """Take the place where the JSON breaks off, or `why` the body can't be read.

        Args:
            line: Of the document, from 1.
            column: Of the line, from 1.
            why: A text in English and one in Russian.
        """
        super().__init__(line=line, column=column)
        if why is not None:
            self.detail_en, self.detail_ru = why
        if line is not None:
            self.detail_en = f"{self.detail_en} It is not from line {{line}}, column {{column}} on."
            self.detail_ru = f"{self.detail_ru} Ошибка: строка {{line}}, столбец {{column}}."


class BodyTooComplex(Refusal):
    code = "body_too_complex"
    status = 413
    title_en = "Body too complex"
    title_ru = "Слишком много значений в теле запроса"
    detail_en = "The body may have at most {limit} values."
    detail_ru = "В теле запроса может быть не более {limit} значений."

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=limit)


class BodyTooLarge(Refusal):
    code = "body_too_large"
    status = 413
    title_en = "Body too large"
    title_ru = "Тело запроса слишком велико"
    detail_en = "The body may have at most {limit_bytes} bytes."
    detail_ru = "Тело может занимать не более {limit_bytes} байт."

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(headers={"Connection": "close"}, limit_bytes=limit_bytes)


class ContentTypeUnsupported(Refusal):
    code = "content_type_unsupported"
    status = 415
    title_en = "Content type not supported"
    title_ru = "Тип содержимого не поддерживается"
    detail_en = "Send the body as {accepted}."
    detail_ru = "Передайте тело как {accepted}."

    def __init__(self, *, accepted: str = "application/json") -> None:
        super().__init__(headers={"Accept": accepted}, accepted=accepted)


class RequestRefused(Refusal):
    """A 4xx that has no name of its own, such as one raised by the framework."""

    code = "request_refused"
    status = 400
    title_en = "Request refused"
    title_ru = "Запрос отклонён"
    detail_en = "The request could not be understood."
    detail_ru = "Запрос не удалось разобрать."

    def __init__(self, *, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(headers=headers)
        self.status = status


class QueryInvalid(Refusal):
    code = "query_invalid"
    status = 400
    title_en = "Query not accepted"
    title_ru = "Параметры запроса не приняты"
    detail_en = (
        "A query has 100 parameters at most, each given once only, in valid UTF-8 without U+0000."
    )
    detail_ru = "Параметров не более 100, каждый один раз, в корректном UTF-8 без U+0000."


class CursorInvalid(Refusal):
    code = "cursor_invalid"
    status = 400
    title_en = "Cursor not accepted"
    title_ru = "Курсор не принят"
    detail_en = "The cursor belongs to another list or other filters. Start from the first page."
    detail_ru = "Курсор относится к другому списку или фильтрам. Начните с первой страницы."


class ValidationFailed(Refusal):
    code = "validation_failed"
    status = 422
    title_en = "Values not accepted"
    title_ru = "Значения не приняты"
    detail_en = "Some values were not accepted; “errors” says which and why."
    detail_ru = "Некоторые значения не приняты; в «errors» указано, какие и почему."


class IdempotencyKeyMalformed(Refusal):
    code = "idempotency_key_malformed"
    status = 400
    title_en = "Idempotency-Key malformed"
    title_ru = "Некорректный Idempotency-Key"
    detail_en = "Idempotency-Key takes 1 to 255 of A-Z a-z 0-9 _ . : - and may stand in quotes."
    detail_ru = "Idempotency-Key — от 1 до 255 знаков A-Z a-z 0-9 _ . : -, можно в кавычках."


class IdempotencyKeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 422
    title_en = "Idempotency-Key already used"
    title_ru = "Idempotency-Key уже использован"
    detail_en = "This key was used with another body. Different fields: {fields}."
    detail_ru = "Этот ключ уже использован с другим телом. Отличаются поля: {fields}."

    def __init__(self, *, fields: Sequence[str]) -> None:
        faults = [
            FieldFault(
                pointer=f"/{name.replace('~', '~0').replace('/', '~1')}",
                code="differs",
                detail_en="Differs from the first request with this key.",
                detail_ru="Отличается от первого запроса с этим ключом.",
            )
            for name in fields
        ]
        super().__init__(errors=faults, fields=", ".join(fields))


class IdempotencyInFlight(Refusal):
    code = "idempotency_in_flight"
    status = 409
    title_en = "First request still running"
    title_ru = "Первый запрос ещё выполняется"
    detail_en = "A request with this Idempotency-Key is still running. Send it again shortly."
    detail_ru = "Запрос с этим Idempotency-Key ещё выполняется. Повторите его чуть позже."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class TooManyRequests(Refusal):
    code = "too_many_requests"
    status = 429
    title_en = "Too many requests"
    title_ru = "Слишком много запросов"
    detail_en = "The limit is reached; try again in {retry_after_seconds} s."
    detail_ru = "Достигнут предел; повторите через {retry_after_seconds} с."

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(
            headers={"Retry-After": str(retry_after_seconds)},
            retry_after_seconds=retry_after_seconds,
        )


class TooManyKeys(TooManyRequests):
    """The caller has as many answers kept under Idempotency-Keys as one may have."""

    code = "too_many_keys"
    title_en = "Too many Idempotency-Keys"
    title_ru = "Слишком много Idempotency-Key"
    detail_en = (
        "So many answers are kept under your keys that there is no room for more: send it without"
        " an Idempotency-Key, or again in {retry_after_seconds} s."
    )
    detail_ru = (
        "Под вашими ключами хранится столько ответов, что места больше нет: отправьте запрос без"
        " Idempotency-Key или повторите через {retry_after_seconds} с."
    )


class InternalError(Refusal):
    code = "internal_error"
    status = 500
    title_en = "Internal error"
    title_ru = "Внутренняя ошибка"
    detail_en = "Something went wrong on our side. Quote the request_id when you report it."
    detail_ru = "Произошла ошибка на нашей стороне. Сообщая о ней, укажите request_id."


class Unavailable(Refusal):
    code = "unavailable"
    status = 503
    title_en = "Temporarily unavailable"
    title_ru = "Временно недоступно"
    detail_en = "A part that this operation needs is not answering. Try again shortly."
    detail_ru = "Часть системы, нужная для этой операции, не отвечает. Повторите чуть позже."

    def __init__(self, *, retry_after_seconds: int = 1) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})
