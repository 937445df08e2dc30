"""Decides which of the two languages a caller reads.

Does not hold texts: refusals and labels do.
"""

from typing import Annotated

from fastapi import Depends, Header

from kit.refusals import Language


def preferred_language(accept_language: str | bytes | None) -> Language:
    """Return English or Russian, as an Accept-Language header asks (RFC 9110 §12.5.4)."""
    if not accept_language:
        return "en"
    if isinstance(accept_language, bytes):
        accept_language = accept_language.decode("latin-1")
    weights: dict[str, float] = {}
    for choice in accept_language[:256].lower().split(","):
        tag, _, parameters = choice.partition(";")
        language = tag.strip().partition("-")[0]
        if language in ("en", "ru", "*"):
            weights[language] = max(weights.get(language, 0.0), _weight(parameters))
    rest = weights.get("*", 0.0)
    return "ru" if weights.get("ru", rest) > weights.get("en", rest) else "en"


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


async def caller_language(
    accept_language: Annotated[
        str | None, Header(description="Language of texts: en or ru.")
    ] = None,
) -> Language:
    """Return the caller's language, for texts inside answers (a status label)."""
    return preferred_language(accept_language)


CallerLanguage = Annotated[Language, Depends(caller_language)]
