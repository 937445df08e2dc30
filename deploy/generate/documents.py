"""Lists the files that are derived from code, and what stands in each.

Writes nothing by itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.generate import blocks, checks, compose, edge, messages, rooms
from deploy.generate.additive import breaks
from deploy.generate.pages import Blocks, fill
from deploy.generate.rooms import ROOT
from kit.runtime import Service
from kit.settings import render_env_example

SCHEMAS = ROOT / "libs/contracts/schemas"


@dataclass(frozen=True, slots=True)
class Document:
    """A file and what should stand in it."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The path within the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def is_stale(self) -> bool:
        """Whether the file differs, or is not there."""
        return not self.path.exists() or self.path.read_text(encoding="utf-8") != self.text

    def write(self) -> None:
        """Write to the file what should stand in it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.text, encoding="utf-8", newline="\n")


def documents() -> Iterator[Document]:
    """Yield every derived file, as it should be."""
    built = [rooms.build(name) for name in rooms.services()]
    for service in built:
        yield from _of_service(service)
    yield from _pages(ROOT / "libs/kit", blocks.of_kit())
    yield from _pages(ROOT / "libs/contracts", blocks.of_contracts())
    yield from _pages(rooms.folder(rooms.GATEWAY), blocks.of_gateway())
    yield from _pages(ROOT, checks.blocks(), "SECURITY.md")
    settings = [rooms.settings_class(name) for name in (*rooms.services(), rooms.GATEWAY)]
    yield Document(ROOT / ".env.example", render_env_example(settings))
    yield Document(compose.PAGE, compose.filled(compose.PAGE.read_text(encoding="utf-8")))
    yield Document(edge.PAGE, edge.text())
    for model in messages.all_messages():
        yield Document(SCHEMAS / f"{model.type}.json", _spelled(messages.json_schema(model)))
    yield Document(ROOT / "libs/contracts/asyncapi.json", _spelled(messages.asyncapi(built)))


def _of_service(service: Service) -> Iterator[Document]:
    openapi = service.web.openapi()
    folder = rooms.folder(service.name)
    yield Document(folder / "openapi.json", _spelled(openapi))
    yield from _pages(folder, blocks.of_service(service, openapi))


def _pages(folder: Path, known: Blocks, name: str = "README.md") -> Iterator[Document]:
    page = folder / name
    if page.exists():
        yield Document(page, fill(page.read_text(encoding="utf-8"), known))


def _spelled(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def broken_promises() -> list[str]:
    """Return where messages take something away from their schemas, or change it."""
    models = {model.type: model for model in messages.all_messages()}
    found = []
    for path in sorted(SCHEMAS.glob("*.json")):
        name = path.stem
        if name not in models:
            found.append(f"{name}: the message is gone")
            continue
        written = json.loads(path.read_text(encoding="utf-8"))
        today = messages.json_schema(models[name])
        found += [f"{name}: {fault}" for fault in breaks(written, today)]
    return found
