"""Finds the rooms, and puts one together without its surroundings; runs nothing."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic_settings import PydanticBaseSettingsSource

from kit.runtime import Service
from kit.saga import Saga
from kit.settings import EnvironmentSettings

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = "gateway"

# The order in which people meet them.
_ORDER = ("auth", "wallet", "payments", "shop", "finance", "notifications", "sandbox")


def services() -> list[str]:
    """Return the names of all services: folders with a package of the same name."""
    found = {
        path.parent.name
        for path in (ROOT / "services").glob("*/*/__init__.py")
        if path.parent.name == path.parents[1].name
    }
    return sorted(found, key=lambda name: (_ORDER.index(name) if name in _ORDER else 99, name))


def folder(room: str) -> Path:
    """Return where a service or the gateway lives."""
    return ROOT / GATEWAY if room == GATEWAY else ROOT / "services" / room


def settings_class(room: str) -> type[EnvironmentSettings]:
    """Return the settings class of a room."""
    found: type[EnvironmentSettings] = importlib.import_module(f"{room}.settings").Settings
    return found


def defaults(settings: type[EnvironmentSettings]) -> Any:
    """Return settings at their defaults, whatever this process's environment says."""

    def nothing_outside(
        _: type[EnvironmentSettings],
        /,
        __: type[EnvironmentSettings],
        init_settings: PydanticBaseSettingsSource,
        **___: object,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    members = {"settings_customise_sources": classmethod(nothing_outside)}
    return type(settings.__name__, (settings,), members)()


def build(room: str) -> Service:
    """Return a service as its composition root makes it of default settings.

    Nothing is opened.
    """
    made: Service = importlib.import_module(f"{room}.app").build(defaults(settings_class(room)))
    return made


def saga_modules(room: str) -> list[ModuleType]:
    """Return the modules in a service's room of sagas, by name; [] where it has none."""
    if importlib.util.find_spec(f"{room}.sagas") is None:
        return []
    package = importlib.import_module(f"{room}.sagas")
    names = sorted(one.name for one in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{room}.sagas.{name}") for name in names]


def sagas(room: str) -> Iterator[Saga]:
    """Yield the sagas that a service defines."""
    for module in saga_modules(room):
        yield from (member for member in vars(module).values() if isinstance(member, Saga))
