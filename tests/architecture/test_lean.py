"""What a service's process has loaded: nothing that the service does not use.

Each import is paid by every process of a stack, with memory that it keeps.
"""

import subprocess
import sys

import pytest
from deploy.generate import rooms

from kit.lean import UNUSED

ROOMS = [*rooms.services(), rooms.GATEWAY]
# Beside what nobody uses: what only those with a database, or with a broker, need.
DATABASE = {"alembic", "asyncpg", "sqlalchemy"}
BROKER = {"aio_pika"}
# A service opens a broker when it runs; its command line loads none.
NEVER = {*UNUSED, "redis", "sqlalchemy.orm", "websockets", *BROKER}
# What is large and used by few, and is loaded by who first uses it.
AT_FIRST_USE = {"auth": {"webauthn", "pyasn1", "OpenSSL"}, "finance": {"obstore", "pygal"}}
ALSO = {
    "sandbox": {"sqlalchemy", "alembic"},
    rooms.GATEWAY: {*DATABASE, "fastapi"},
    **AT_FIRST_USE,
}


@pytest.mark.parametrize("room", ROOMS)
def test_a_process_loads_nothing_that_its_service_does_not_use(room: str) -> None:
    shown = f"import sys, {room}.__main__; print(*(n for n, m in sys.modules.items() if m))"
    loaded = set(_python(shown).stdout.split())
    assert room in loaded
    assert loaded & (NEVER | ALSO.get(room, set())) == set()


def test_what_is_kept_out_is_kept_out() -> None:
    shown = f"import kit.lean, importlib; importlib.import_module({UNUSED[0]!r})"
    assert "ModuleNotFoundError" in _python(shown).stderr


def test_a_storage_is_opened_with_its_first_file() -> None:
    opened = "import finance.clients.storage as s, sys; f = s.FileStorage(s.Settings())"
    shown = f"{opened}; print('obstore' in sys.modules); f._inside; print('obstore' in sys.modules)"
    assert _python(shown).stdout.split() == ["False", "True"]


def test_models_of_documents_are_built_when_a_document_is_made() -> None:
    shown = "import kit.web.lean, fastapi.openapi.models as m; print(m.Info.__pydantic_complete__)"
    assert _python(shown).stdout == "False\n"
    made = "import sandbox.__main__ as s; s.build(s.Settings()).web.openapi(); print('made')"
    assert _python(made).stdout == "made\n"


def _python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the interpreter, of ourselves
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
