"""Gives each line of a file a key by which it is known when it comes again."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from finance.files.readers.lines import Line


def keyed(lines: Iterable[Line], *, has_ids: bool) -> Iterator[tuple[str, Line]]:
    """Yield each line with its key.

    Args:
        lines: In the order of the file.
        has_ids: Whether a line's own key names it alone, as OFX's ``FITID`` does. Where it does
            not, what is said alike is told apart by how often it came before.
    """
    seen: Counter[str] = Counter()
    for line in lines:
        said = [line.date.isoformat(), str(line.amount_minor)]
        said = [line.key] if has_ids and line.key else [*said, line.description, line.key]
        digest = blake2b("\0".join(said).encode(), digest_size=16).hexdigest()
        seen[digest] += 1
        yield f"{digest}.{seen[digest]}", line
