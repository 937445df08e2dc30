"""Keeps the ids that answers told, so that later requests are about something that is there."""

import json
import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final

# Contexts that have accounts, categories and transactions of their own.
APART: Final = ("finance", "shop", "sandbox")
KEPT: Final = 20
UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# One in so many is left as it was made up.
UNTOUCHED: Final = 4
# Characters that Unicode may have one day, or never: which, JSON Schema can't say.
UNREADABLE: Final = frozenset({"Cf", "Cn", "Co", "Cs"})


def singular(noun: str) -> str:
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun.removesuffix("s")


def acceptable(value: Any) -> Any:
    """Return what is accepted for what JSON Schema can't tell from it: 8 for 8.0."""
    if isinstance(value, dict):
        return {name: acceptable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [acceptable(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        read = "".join(one for one in value if unicodedata.category(one) not in UNREADABLE)
        return read or value
    return value


class Known:
    """Ids by context and noun, in turn; a file carries them from one run to the next."""

    def __init__(self, file: Path) -> None:
        self._ids: defaultdict[tuple[str, str], deque[str]] = defaultdict(
            lambda: deque(maxlen=KEPT)
        )
        self._told: set[str] = set()
        self._turns = count()
        self._file = file
        if file.exists():
            for context, noun, ids in json.loads(file.read_text()):
                self._ids[context, noun].extend(ids)
                self._told.update(ids)

    def save(self) -> None:
        kept = [[context, noun, list(ids)] for (context, noun), ids in self._ids.items() if ids]
        self._file.write_text(json.dumps(kept))

    @staticmethod
    def context(path: str) -> str:
        return next((name for name in APART if f"/{name}/" in path), "")

    def learn(self, path: str, told: Any) -> None:
        """Keep the ids of an answer: of what its path names, and of what its fields name."""
        nouns = [part for part in path.split("/") if part.endswith("s")]
        self._learn(self.context(path), singular(nouns[-1]) if nouns else "", told)

    def _learn(self, context: str, noun: str, told: Any) -> None:
        if isinstance(told, list):
            for one in told:
                self._learn(context, noun, one)
        if isinstance(told, dict):
            for name, value in told.items():
                if isinstance(value, str):
                    self._told.add(value)
                    self._keep(context, noun if name == "id" else name, value)
                else:
                    self._learn(context, noun if name == "items" else singular(name), value)

    def _keep(self, context: str, name: str, value: str) -> None:
        if not (name == "slug" or UUID.fullmatch(value)):
            return
        ids = self._ids[context, name.removesuffix("_id")]
        if value not in ids:
            ids.append(value)

    def forget(self, value: str) -> None:
        """Drop what was deleted."""
        self._told.discard(value)
        for ids in self._ids.values():
            if value in ids:
                ids.remove(value)

    def has(self, value: object) -> bool:
        """Tell whether an answer had it: what is too old to be put in may have come by a link."""
        return value in self._told

    def one(self, context: str, name: str) -> str | None:
        """Return an id by the name of a field or parameter: `from_wallet_id` is of a wallet."""
        noun = name.removesuffix("_id")
        for key in ((context, noun), ("", noun), (context, noun.rpartition("_")[2])):
            if ids := self._ids.get(key):
                ids.rotate(1)
                return ids[0]
        return None

    def is_left_alone(self) -> bool:
        return next(self._turns) % UNTOUCHED == 0

    def fill(self, context: str, value: Any, others: Mapping[str, Any]) -> Any:
        """Return a body whose ids are known, and whose fields in `others` have these values."""
        if isinstance(value, list):
            return [self.fill(context, one, others) for one in value]
        if not isinstance(value, dict):
            return acceptable(value)
        return {name: self._filled(context, name, one, others) for name, one in value.items()}

    def _filled(self, context: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
        if name in others and value is not None:
            return others[name]
        if name.endswith("_id") and isinstance(value, str) and not self.has(value):
            return self.one(context, name) or value
        return self.fill(context, value, others)
