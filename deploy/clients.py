"""Lints the API's document and makes clients of it, for `make clients`.

Nothing need run: the document is put together from the services' code. What is used here is not
installed with the rest: npm's Redocly, and two generators in a .venv of their own.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from deploy import venvs
from deploy.generate import rooms
from gateway.documents.combined import combined
from gateway.documents.own import OWN_DOCUMENT
from gateway.documents.published import published
from gateway.routing.table import ProxyRoutes

FOLDER: Final = rooms.ROOT / ".local" / "clients"
REDOCLY: Final = "@redocly/cli@2.77.0"
_RULES: Final = rooms.ROOT / "deploy" / "redocly.yaml"
_LOCK: Final = rooms.ROOT / "deploy" / "clients.lock"
_DOCUMENT: Final = FOLDER / "openapi.json"
_VENV: Final = FOLDER / "venv"
# openapi-python-client knows no CSV, which bulk payments can be sent as beside JSON.
_CANT_BE_TOLD: Final = "Unsupported content type text/csv"
# A payment as the API shows it, read by the models of both clients.
_USES: Final = """
import json, sys
sys.path[:0] = sys.argv[2:]
schemas = json.load(open(sys.argv[1]))["components"]["schemas"]
[example] = schemas["OutgoingPayment"]["examples"]
from openapi_client import OutgoingPayment as OfJava
assert OfJava.from_dict(example).amount == example["amount"]
from saldo_client.models import OutgoingPayment
assert OutgoingPayment.from_dict(dict(example)).amount == example["amount"]
"""


def document() -> dict[str, Any]:
    """Return what the gateway answers at `/openapi.json` outside production."""
    routes = ProxyRoutes.of(in_production=False, serves_docs=True)
    documents = {
        name: published(_copy(rooms.build(name).web.openapi()), name, routes)
        for name in rooms.services()
    }
    return combined({**documents, "gateway": OWN_DOCUMENT})


def main() -> None:
    """Lint and make clients; end at the first thing that fails."""
    if shutil.which("npm") is None:
        sys.exit("Redocly comes from npm, which is not here (Debian: apt-get install npm).")
    FOLDER.mkdir(parents=True, exist_ok=True)
    _DOCUMENT.write_text(json.dumps(document(), ensure_ascii=False), encoding="utf-8")
    _install()
    _lint()
    _make_clients()
    print("The document is clean, and both clients read what it shows.")


def _copy(found: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(found))
    return copied


def _install() -> None:
    if not (FOLDER / "node_modules" / REDOCLY.rpartition("@")[0]).exists():
        _run("npm", "install", "--no-save", "--no-package-lock", "--silent", REDOCLY)
    venvs.install(_VENV, [_LOCK])


def _lint() -> None:
    redocly = FOLDER / "node_modules" / ".bin" / "redocly"
    _run(redocly, "lint", "--config", _RULES, "--max-problems", "100", _DOCUMENT)


def _make_clients() -> None:
    java, python = FOLDER / "java", FOLDER / "python"
    for old in (java, python):
        shutil.rmtree(old, ignore_errors=True)
    _run(
        *(_VENV / "bin" / "openapi-generator-cli", "generate", "-g", "python"),
        *("-i", _DOCUMENT, "-o", java, "--global-property", "apiTests=false,modelTests=false"),
    )
    told = _run(
        *(_VENV / "bin" / "openapi-python-client", "generate", "--path", _DOCUMENT),
        *("--meta", "none", "--output-path", python / "saldo_client"),
    )
    faults = [line for line in told.splitlines() if line.startswith(("WARNING", "ERROR"))]
    if len(faults) != told.count(_CANT_BE_TOLD):
        sys.exit(told)
    _run(_python(), "-c", _USES, _DOCUMENT, java, python)


def _python() -> Path:
    return _VENV / "bin" / "python"


def _run(*command: str | Path) -> str:
    """Run a command in our folder and return what it printed; end where it fails."""
    words: Sequence[str] = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=FOLDER,
        env={**os.environ, "PATH": f"{_VENV / 'bin'}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    main()
