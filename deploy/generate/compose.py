"""Tells each container of docker-compose.yml its own settings, and no others."""

from collections.abc import Iterator

from deploy.generate import rooms
from kit.settings import EnvironmentSettings, MigrationSettings, variable

PAGE = rooms.ROOT / "docker-compose.yml"

_BEGIN = "# settings of each container: written by `make generate`\n"
_END = "# end of the settings\n"
# Where things are stands with each container: it is not the same there as on this machine.
_ADDRESSES = ("_URL", "_HOST", "_PORT")
_STORAGE = "_S3_"
_BOUNDS = ("_TIMEOUT",)  # which is the same wherever a storage is


def filled(text: str) -> str:
    """Return the compose file with the block of settings that settings classes want.

    A variable without a value is passed on where `.env` or the shell has one, and is not there
    otherwise, so that the service's own default holds.

    Raises:
        ValueError: the marks around the block are gone.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost the marks around its settings")
    anchors = "\n".join(_anchors())
    return f"{before}{begin}\n{anchors}\n{end}{after}"


def variables_of(settings: type[EnvironmentSettings]) -> list[str]:
    """Return the variables of a settings class that do not say where things are."""
    names = [variable(settings, name) for name in settings.model_fields]
    return [name for name in names if not _says_where(name)]


def _says_where(name: str) -> bool:
    is_of_storage = _STORAGE in name and not name.endswith(_BOUNDS)
    return is_of_storage or name.endswith(_ADDRESSES)


def _anchors() -> Iterator[str]:
    yield _anchor("migration", MigrationSettings)
    for room in (*rooms.services(), rooms.GATEWAY):
        yield _anchor(room, rooms.settings_class(room))


def _anchor(name: str, settings: type[EnvironmentSettings]) -> str:
    lines = [f"  {variable}:\n" for variable in variables_of(settings)]
    return f"x-{name}-settings: &{name}-settings\n{''.join(lines)}"
