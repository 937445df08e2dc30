"""Remembers the secrets that pass through a client, and looks for them where none may stand."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import orjson

from kit.card_numbers import holds_card_number

# By the name that a body gives it. What is random has a digit; codes of refusals have none.
SECRET = re.compile(r"password|token|secret|otp|code|key", re.IGNORECASE)
RANDOM = re.compile(r"[A-Z0-9]")
# A link of a mail, or where a browser is sent to.
IN_A_LINK = re.compile(r"[?&](?:token|code)=([\w.-]{20,})")
CARD = re.compile(r"(?<!\d)\d{16,19}(?!\d)")
FORGED = "forged-by-a-caller"
# What is random of them is a word: the last part of a JWT, what follows `Bearer`, a key.
WORD = re.compile(rb"[\w-]{16,}")


class Leaks:
    """Gathers secrets by `hear`, a hook of httpx; `found_in` names those that a file has."""

    def __init__(self, *known: str) -> None:
        self.words: set[bytes] = set()
        for secret in known:
            self.add(secret)

    async def hear(self, answer: httpx.Response) -> None:
        """Remember what a request and its answer hold."""
        self._add_all(answer.request.headers.get("authorization", "").split()[-1:])
        with suppress(httpx.RequestNotRead):  # a stream, of which nothing is kept
            self._read(answer.request.content.decode(errors="replace"))
        if answer.headers.get("content-type", "").startswith("application/json"):
            self._read((await answer.aread()).decode())
        self._add_all(IN_A_LINK.findall(answer.headers.get("location", "")))

    def found_in(self, logs: Iterable[Path]) -> dict[str, set[str]]:
        """Return the beginnings of the secrets that stand in each log."""
        found = {log.name: self.words & set(WORD.findall(log.read_bytes())) for log in logs}
        return {
            name: {word[:8].decode() for word in words} for name, words in found.items() if words
        }

    def add(self, secret: str) -> None:
        """Remember one, if it is long enough to be nothing else."""
        words = WORD.findall(secret.encode())
        if words:
            self.words.add(words[-1])

    def _add_all(self, secrets: Iterable[str]) -> None:
        for secret in secrets:
            self.add(secret)

    def _read(self, text: str) -> None:
        self._add_all(IN_A_LINK.findall(text))
        self._add_all(filter(holds_card_number, CARD.findall(text)))
        try:
            self._add_all(_secrets_of(orjson.loads(text)))
        except orjson.JSONDecodeError:
            return


def forged(log: Path) -> list[str]:
    """Return the lines of a log that no service has written: no object, or of another's event."""
    found = []
    for line in log.read_bytes().splitlines(keepends=True):
        try:
            told = orjson.loads(line) if line.endswith(b"\n") else {}  # else it is being written
        except orjson.JSONDecodeError:
            told = None
        if not isinstance(told, dict) or told.get("event") == FORGED:
            found.append(line.decode(errors="replace"))
    return found


def _secrets_of(told: Any, name: str = "") -> Iterator[str]:
    if isinstance(told, dict):
        for key, value in told.items():
            yield from _secrets_of(value, key)
    elif isinstance(told, list):
        for value in told:
            yield from _secrets_of(value, name)
    elif isinstance(told, str) and SECRET.search(name) and _is_random(name, told):
        yield told


def _is_random(name: str, text: str) -> bool:
    return "password" in name or RANDOM.search(text) is not None
