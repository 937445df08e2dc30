"""Makes free text fit for a line, and cuts it into lines."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")
_SPACES: Final = re.compile(r"\s+")


def one_line(text: str) -> str:
    """Return a text without line breaks, controls, or spaces beside spaces."""
    seen = (" " if _is_unseen(one) else one for one in text)
    return _SPACES.sub(" ", "".join(seen)).strip()


def text_lines(text: str) -> Iterator[str]:
    """Yield lines with their ends; ``StringIO`` would copy the whole text first."""
    return (found.group() for found in _LINE.finditer(text))


def _is_unseen(one: str) -> bool:
    return one.isspace() or unicodedata.category(one) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
