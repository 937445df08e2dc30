"""Decides which of the two languages a caller reads.

Does not hold texts: refusals and labels do.
"""

from typing import Annotated

from fastapi import Depends, Header

from kit.http import preferred_language
from kit.refusals import Language


def caller_language(
    accept_language: Annotated[
        str | None, Header(description="Language of texts: en or ru.")
    ] = None,
) -> Language:
    """Return the caller's language, for texts inside answers (a status label)."""
    return preferred_language(accept_language)


CallerLanguage = Annotated[Language, Depends(caller_language)]
