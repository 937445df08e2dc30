"""Puts generated text into a page of Markdown; does not know what it says."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

_BLOCK = re.compile(
    r"(?P<head><!-- generated:(?P<name>[a-z-]+) -->\n).*?(?P<tail><!-- /generated -->)", re.DOTALL
)

NOTHING = "–"

Blocks = Mapping[str, Callable[[], str]]


class UnknownBlockError(Exception):
    """A page asks for a block that nobody writes."""


def fill(page: str, blocks: Blocks) -> str:
    """Return the page with the text between its markers written anew.

    Raises:
        UnknownBlockError: for a name that is not among `blocks`.
    """

    def write(found: re.Match[str]) -> str:
        if found["name"] not in blocks:
            raise UnknownBlockError(f"no block is called {found['name']}")
        text = blocks[found["name"]]().strip()
        return f"{found['head']}\n{text}\n\n{found['tail']}"

    return _BLOCK.sub(write, page)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; without rows it is a dash."""
    lines = [_row(row) for row in rows]
    return "\n".join([_row(head), "|---" * len(head) + "|", *lines]) if lines else NOTHING


def _row(cells: Iterable[str]) -> str:
    escaped = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(escaped)} |"


def code(text: str) -> str:
    """Return text in a code span; nothing stays nothing."""
    return f"`{text}`" if text else ""
