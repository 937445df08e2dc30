"""Turns pydantic's errors into faults, with stable codes and texts.

The texts are in both languages. No value is repeated: texts are filled from the declaration only
(limits, allowed words).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from kit.refusals import FieldFault


class _Text(NamedTuple):
    code: str
    en: str
    ru: str


# A caller mends no more at once, and a body of a megabyte can have a hundred thousand.
MAX_FAULTS = 100

_INVALID = _Text("invalid", "Not accepted.", "Не принято.")
_WRONG_TYPE = "wrong_type"
_MALFORMED = "malformed"

# The keys are beginnings of pydantic's error types; the longest match wins.
_TEXTS: dict[str, _Text] = {
    "missing": _Text("required", "Required.", "Обязательное поле."),
    "extra_forbidden": _Text("unknown_field", "There is no such field.", "Такого поля нет."),
    "string_type": _Text(_WRONG_TYPE, "Must be a string.", "Должна быть строка."),
    "string_too_short": _Text(
        "too_short", "{min_length} characters at least.", "Не менее {min_length} знаков."
    ),
    "string_too_long": _Text(
        "too_long", "{max_length} characters at most.", "Не более {max_length} знаков."
    ),
    "string_pattern_mismatch": _Text(
        _MALFORMED, "Not in the expected form.", "Не соответствует ожидаемому виду."
    ),
    "string_unicode": _Text(_MALFORMED, "Not valid Unicode.", "Некорректный Юникод."),
    "int": _Text(_WRONG_TYPE, "Must be a whole number.", "Должно быть целое число."),
    "float": _Text(_WRONG_TYPE, "Must be a number.", "Должно быть число."),
    "bool": _Text(_WRONG_TYPE, "Must be true or false.", "Должно быть true или false."),
    "uuid": _Text(_MALFORMED, "Must be a UUID.", "Должен быть UUID."),
    "datetime": _Text(
        _MALFORMED,
        "Must be a time such as 2026-01-31T12:00:00Z.",
        "Должно быть время, например 2026-01-31T12:00:00Z.",
    ),
    "timezone": _Text(
        _MALFORMED,
        "The time needs its zone, such as Z.",
        "Укажите часовой пояс, например Z.",
    ),
    "date": _Text(
        _MALFORMED, "Must be a day such as 2026-01-31.", "Должен быть день, например 2026-01-31."
    ),
    "url": _Text(_MALFORMED, "Must be a URL.", "Должен быть URL."),
    "literal_error": _Text(
        "not_allowed", "Must be one of: {expected}.", "Допустимо одно из: {expected}."
    ),
    "enum": _Text("not_allowed", "Must be one of: {expected}.", "Допустимо одно из: {expected}."),
    "list_type": _Text(_WRONG_TYPE, "Must be a list.", "Должен быть список."),
    "tuple_type": _Text(_WRONG_TYPE, "Must be a list.", "Должен быть список."),
    "set_type": _Text(_WRONG_TYPE, "Must be a list.", "Должен быть список."),
    "frozen_set_type": _Text(_WRONG_TYPE, "Must be a list.", "Должен быть список."),
    "dict_type": _Text(_WRONG_TYPE, "Must be an object.", "Должен быть объект."),
    "model": _Text(_WRONG_TYPE, "Must be an object.", "Должен быть объект."),
    "too_short": _Text(
        "too_short", "{min_length} entries at least.", "Не менее {min_length} элементов."
    ),
    "too_long": _Text(
        "too_long", "{max_length} entries at most.", "Не более {max_length} элементов."
    ),
    "greater_than": _Text("too_small", "Must be more than {gt}.", "Должно быть больше {gt}."),
    "greater_than_equal": _Text("too_small", "Must be {ge} or more.", "Не меньше {ge}."),
    "less_than": _Text("too_large", "Must be less than {lt}.", "Должно быть меньше {lt}."),
    "less_than_equal": _Text("too_large", "Must be {le} or less.", "Не больше {le}."),
    "union_tag": _Text("not_allowed", "Not one of the known kinds.", "Неизвестный вид значения."),
}
_BY_LENGTH = sorted(_TEXTS, key=len, reverse=True)


def faults_of(
    error: ValidationError,
    *,
    document: Any = None,
    prefix: str = "",
    most: int | None = MAX_FAULTS,
) -> list[FieldFault]:
    """Return each fault once, MAX_FAULTS at most unless `most` says otherwise.

    `document` (the parsed body) tells fields from names of union kinds.
    """
    found: dict[tuple[str, str], FieldFault] = {}
    for fault in error.errors(include_url=False, include_input=False):
        if len(found) == most:
            break
        one = _fault(fault, prefix + _pointer(fault["loc"], document))
        found.setdefault((one.pointer, one.code), one)
    return list(found.values())


def required(pointer: str) -> FieldFault:
    """Return the fault of a missing value."""
    text = _TEXTS["missing"]
    return FieldFault(pointer, text.code, text.en, text.ru)


def unknown_parameter(name: str, known: Sequence[str]) -> FieldFault:
    """Return the fault of an unknown parameter in a query, naming the known ones."""
    names = ", ".join(known)
    return FieldFault(
        f"/query/{escaped(name)}",
        _TEXTS["extra_forbidden"].code,
        f"There is no such parameter; there are: {names}." if known else "There are no parameters.",
        f"Такого параметра нет; есть: {names}." if known else "Параметров здесь нет.",
    )


def nul_faults(document: Any, pointer: str = "") -> list[FieldFault]:
    """Return the faults of texts and names with U+0000, which PostgreSQL can't store."""
    if isinstance(document, str):
        return [_nul(pointer)] if "\0" in document else []
    if isinstance(document, list):
        return [
            fault
            for index, item in enumerate(document)
            for fault in nul_faults(item, f"{pointer}/{index}")
        ]
    if isinstance(document, dict):
        return [
            fault
            for key, item in document.items()
            for fault in (
                [_nul(pointer)] if "\0" in key else nul_faults(item, f"{pointer}/{escaped(key)}")
            )
        ]
    return []


def escaped(part: str | int) -> str:
    """Return one part of an RFC 6901 pointer, escaped."""
    return str(part).replace("~", "~0").replace("/", "~1")


def _nul(pointer: str) -> FieldFault:
    return FieldFault(
        pointer,
        _MALFORMED,
        "Must not hold the character U+0000.",
        "Не должно содержать знак U+0000.",
    )


def _fault(fault: Mapping[str, Any], pointer: str) -> FieldFault:
    context: dict[str, Any] = dict(fault.get("ctx") or {})
    kind: str = fault["type"]
    if kind == "saldo":
        if context["field"] is not None:
            pointer += f"/{context['field']}"
        return FieldFault(pointer, context["code"], context["en"], context["ru"])
    text = next((_TEXTS[start] for start in _BY_LENGTH if kind.startswith(start)), _INVALID)
    if "expected" in context:
        context["expected"] = context["expected"].replace(" or ", ", ")
    try:
        return FieldFault(
            pointer, text.code, text.en.format_map(context), text.ru.format_map(context)
        )
    except KeyError:  # the type's context lacks what the text of its family names
        return FieldFault(pointer, text.code, _INVALID.en, _INVALID.ru)


def _pointer(location: Iterable[str | int], document: Any) -> str:
    """Return pydantic's location as a pointer, without the names of union kinds."""
    parts = list(location)
    pointer = ""
    for index, part in enumerate(parts):
        is_here = (isinstance(document, dict) and part in document) or (
            isinstance(document, list) and isinstance(part, int) and part < len(document)
        )
        if is_here:
            document = document[part]
        elif index < len(parts) - 1 or not isinstance(document, dict | None):
            continue
        pointer += f"/{escaped(part)}"
    return pointer
