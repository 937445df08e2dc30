"""Makes free text fit for a line."""

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"\s+")


def one_line(text: str) -> str:
    """Return a text without line breaks, controls, or spaces beside spaces."""
    seen = (" " if _is_unseen(one) else one for one in text)
    return _SPACES.sub(" ", "".join(seen)).strip()


def _is_unseen(one: str) -> bool:
    return one.isspace() or unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
