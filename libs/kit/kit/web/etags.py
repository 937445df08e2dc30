"""Owns the headers ETag and If-Match (RFC 9110 §8.8.3, §13.1.1).

`kit.edits` refuses by them.
"""

import re
from typing import Annotated, Final

from fastapi import Depends, Header

from kit.edits import ANY_EDITION, Edition
from kit.http import ETAG
from kit.refusals import Refusal

# Empty elements of a list are passed over (RFC 9110 §5.6.1.2).
_TAG: Final = re.compile(r'[\s,]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|\Z)')

# The same as a pattern of the whole, without the blanks and commas that are too many.
_ONE: Final = r'(W/)?"[!#-~]*"'
_SAID: Final = rf"^(\*|{_ONE}(, ?{_ONE})*)$"


class IfMatchMalformed(Refusal):
    """The header is neither `*` nor a list of entity tags."""

    code = "if_match_malformed"
    status = 400
    title_en = "If-Match malformed"
    title_ru = "Некорректный If-Match"
    detail_en = "If-Match takes the ETag of an answer as it came, in its quotes, or “*”."
    detail_ru = "В If-Match передаётся ETag ответа как есть, в кавычках, или «*»."


def etag(*versions: int) -> dict[str, str]:
    """Return the ETag header of an object, made of what changes with it."""
    return {ETAG: f'"{"-".join(map(str, versions))}"'}


def edition(if_match: str | None) -> Edition:
    """Return the states that an If-Match header names; a weak tag names none.

    Raises:
        IfMatchMalformed: it is neither `*` nor a list of entity tags.
    """
    if if_match is None or if_match.strip() == "*":
        return ANY_EDITION
    given = if_match.strip(" \t,")
    tags, place = set(), 0
    while place < len(given):
        found = _TAG.match(given, place)
        if found is None:
            raise IfMatchMalformed
        if found[1] is None:
            tags.add(found[2])
        place = found.end()
    if place == 0:
        raise IfMatchMalformed
    return Edition(frozenset(tags))


async def _edition(
    if_match: Annotated[
        str | None,
        Header(
            description="The ETag of the object as it was read; 412 where it has changed.",
            json_schema_extra={"pattern": _SAID},
        ),
    ] = None,
) -> Edition:
    return edition(if_match)


IfMatch = Annotated[Edition, Depends(_edition)]
