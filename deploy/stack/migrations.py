"""Tells whether a schema needs migrating without starting a service to find out.

Starting Alembic for three services takes longer than starting the servers; a second `make run`
mostly has nothing to migrate. In any doubt the answer is that it needs to.
"""

import re
from pathlib import Path

_REVISION = re.compile(r"^revision(?::[^=]+)? = [\"']([^\"']+)[\"']", re.MULTILINE)
_DOWN = re.compile(r"^down_revision(?::[^=]+)? = [\"']([^\"']+)[\"']", re.MULTILINE)


def head(service_folder: Path) -> str | None:
    """Return the newest revision in a service's migrations; None if it is unclear."""
    texts = [path.read_text() for path in (service_folder / "migrations/versions").glob("*.py")]
    revisions = {found[1] for text in texts if (found := _REVISION.search(text))}
    built_upon = {found[1] for text in texts if (found := _DOWN.search(text))}
    heads = revisions - built_upon
    if len(revisions) != len(texts) or len(heads) != 1:
        return None
    return heads.pop()
