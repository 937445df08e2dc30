"""Finds the files of Swagger UI and ReDoc in the package `offapi`."""

from importlib.metadata import distribution
from pathlib import Path


def packaged_asset(name: str) -> bytes:
    """Return one file of the package, read anew.

    The package is found, not imported: importing it reads nine megabytes into memory.

    Raises:
        FileNotFoundError: it has no such file.
    """
    return Path(str(distribution("offapi").locate_file(f"offapi/{name}"))).read_bytes()
