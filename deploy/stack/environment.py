"""Chooses which variables a started process sees, and reads .env files.

What somebody has set in a shell for something else must not change a stack.
"""

import os
from collections.abc import Mapping
from pathlib import Path

# What a program needs of its surroundings. Everything else a service gets by name, so that a
# variable left over in somebody's shell never changes what runs.
_SURROUNDINGS = frozenset(
    {
        "COVERAGE_FILE",
        "COVERAGE_PROCESS_CONFIG",
        "COVERAGE_PROCESS_START",
        "HOME",
        "LANG",
        "LC_ALL",
        "PATH",
        "PYTHONPATH",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "TMPDIR",
        "TZ",
    }
)


def surroundings() -> dict[str, str]:
    """Return the part of our own environment that every started process gets."""
    return {name: value for name, value in os.environ.items() if name in _SURROUNDINGS}


def read_env_file(path: Path) -> dict[str, str]:
    """Return the NAME=value lines of an env file without quotes; {} if it is absent."""
    if not path.is_file():
        return {}
    values: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            values[name.strip()] = value.strip().strip("\"'")
    return values


def chosen_by_user(root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a clone's user has chosen: `.env`, then the environment.

    A variable of the environment counts where it is a setting, and says something: an empty one is
    none, as for the services.
    """
    settings = known(root)
    chosen = {name: value for name, value in environment.items() if name in settings and value}
    return read_env_file(root / ".env") | chosen


def known(root: Path) -> frozenset[str]:
    """Return the names of all settings, as `.env.example` lists them."""
    example = root / ".env.example"
    lines = example.read_text().splitlines() if example.is_file() else []
    return frozenset(line.lstrip("# ").partition("=")[0] for line in lines if "=" in line)
