"""Remembers a stack between runs: its id, ports, passwords and place of data.

A command that starts a stack and the one that ends it share nothing else.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from deploy.stack.errors import StackError

_FILE = "stack.json"


@dataclass(slots=True)
class StackState:
    """Holds the contents of `<local>/stack.json`, readable by its owner alone."""

    local: Path
    stack_id: str
    data: Path | None = None
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, local: Path) -> Self:
        """Read the state kept under `local`, or begin a new one (not saved yet).

        A copy of a stack's folder is a new stack: it must not signal the processes, nor use the
        data, of the one that it was copied from.

        Raises:
            StackError: the file is there but can't be read.
        """
        try:
            stored = json.loads((local / _FILE).read_text())
        except FileNotFoundError:
            return cls.new(local)
        except PermissionError:
            raise StackError(f"{local} belongs to another user; run as that user.") from None
        except ValueError:
            raise StackError(f"{local / _FILE} is damaged. `make reset` starts afresh.") from None
        if stored["local"] != str(local):
            return cls.new(local)
        data = Path(stored["data"]) if stored["data"] else None
        return cls(local, stored["stack_id"], data, stored["ports"], stored["secrets"])

    @classmethod
    def new(cls, local: Path) -> Self:
        """Begin a state with nothing chosen but its id."""
        return cls(local, secrets.token_hex(4))

    def save(self) -> None:
        """Write the file whole or not at all."""
        content = json.dumps(asdict(self), default=str, indent=2)
        write_private(self.local / _FILE, content + "\n")

    def forget(self) -> None:
        """Remove the file."""
        (self.local / _FILE).unlink(missing_ok=True)

    def secret(self, name: str) -> str:
        """Return the password kept under `name`, made up and saved at the first asking."""
        if name not in self.secrets:
            self.secrets[name] = secrets.token_urlsafe(24)
            self.save()
        return self.secrets[name]


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
