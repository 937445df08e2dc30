"""Makes, starts and ends a stack's private PostgreSQL.

The server of the system is nobody's to change, and Debian's tools for clusters of one's own need
root. What is inside (roles, schemas) is deploy/postgres/roles.sql.
"""

import functools
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from deploy.stack.environment import surroundings
from deploy.stack.errors import StackError
from deploy.stack.identity import command_line, identify, pids_in
from deploy.stack.processes import Program, waited
from deploy.stack.server import PrivateServer, fits_a_socket

SUPERUSER = "postgres"
OLDEST_VERSION = 15

# docker-compose.yml gives the same; tests/contract/deploy compares. fsync stays on.
SETTINGS: Mapping[str, str] = {
    # Sooner than by default, as the outbox empties as fast as it fills; oftener, young tables are
    # analyzed and all statements planned anew for no better plans.
    "autovacuum_naptime": "30s",
    "jit": "off",  # statements are short
    "max_connections": "200",
    "max_wal_size": "2GB",  # checkpoints far apart under load
    "random_page_cost": "1.1",  # there are no turning disks
    "shared_buffers": "1GB",
}

_ORPHAN_SECONDS = 30.0
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


class Postgres(PrivateServer):
    """Runs one server, of the version that made its cluster."""

    name: ClassVar = "postgres"
    accounts: ClassVar = ("postgres",)

    @property
    def url(self) -> str:
        """The superuser's address."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/postgres"

    def place_of(self, database: str) -> str:
        """Return what follows the password in an address of `database`, for who runs here.

        It leads to the Unix socket where there is one: that costs either side less than TCP does.
        """
        if _socket(self.data, self.port).is_socket():
            return f"/{database}?host={quote(str(self.data))}&port={self.port}"
        return f"127.0.0.1:{self.port}/{database}"

    @property
    def _cluster(self) -> Path:
        return self.data / "cluster"

    def launch(self) -> None:
        """Create the cluster where there is none, and start it without waiting for it."""
        self._create()
        self._end_leftover()
        options = {
            **SETTINGS,
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": socket_folder(self.data, self.port),
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._bin() / "postgres"), "-D", str(self._cluster), *arguments]
        self.processes.start(self._program(command))

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it by a signal.

        SIGINT ends its connections; SIGQUIT is like a crash, without a checkpoint.
        """
        super().stop(number)

    def is_ready(self) -> bool:
        """Say whether it takes connections now."""
        asked = [str(self._bin() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0

    def run_script(self, script: Path, variables: Mapping[str, str]) -> None:
        """Run an SQL file as the superuser; it reads `variables` by psql's getenv.

        Raises:
            StackError: a statement failed; the text holds what psql said.
        """
        answer = self._psql(["-v", "ON_ERROR_STOP=1", "-f", str(script)], variables)
        if answer.returncode != 0:
            raise StackError(f"{script.name} failed:\n{answer.stderr.strip()}")

    def revisions(self, database: str, schemas: Sequence[str]) -> dict[str, str]:
        """Return schema → the revision that Alembic brought it to, of those that have one."""
        query = "SELECT '{0}', version_num FROM {0}.alembic_version"
        queries = [part for schema in schemas for part in ("-c", query.format(schema))]
        answer = self._psql(["-At", "-F", " ", "-d", database, *queries], {})
        rows = [line.split() for line in answer.stdout.splitlines()]
        return dict(rows)

    def _psql(
        self, arguments: list[str], variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        psql = [str(self._bin() / "psql"), "-X", "-q", "-d", "postgres", *arguments]
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER]
        environment = {**surroundings(), "PGPASSWORD": self.password, **variables}
        return subprocess.run(
            [*psql, *address], env=environment, capture_output=True, text=True, check=False
        )

    def _create(self) -> None:
        """Make a cluster under another name and move it into place: never half a cluster."""
        if self._cluster.exists():
            return
        draft = self.data / "cluster.draft"
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.write("password", self.password)
        command = [
            str(self._bin() / "initdb"),
            *("-D", str(draft), "-U", SUPERUSER, "--pwfile", str(password_file)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", _locale()),
        ]
        self.processes.run(self._program(command, "initdb"))
        password_file.unlink()
        draft.rename(self._cluster)

    def _end_leftover(self) -> None:
        """Clear the way where a server's lock file was left behind by an unclean end.

        A server that still runs is ended. Otherwise the file has to go: PostgreSQL takes its pid
        for a living server where a stranger of the same account got it, or where nobody has
        reaped the dead one (in many containers nobody does), and would refuse to start for ever.
        The file also guards against orphaned backends, so they are waited for before.
        """
        lock = self._cluster / "postmaster.pid"
        of_socket = Path(f"{_socket(self.data, self.port)}.lock")
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except FileNotFoundError:
            if not of_socket.exists():
                return
            pid = 0
        except ValueError:
            pid = 0  # cut short: the server was killed while writing it
        identity = identify(pid)
        if identity is not None and str(self._cluster) in command_line(pid):
            self.processes.adopt(self.name, identity)
            self.stop()
        if not waited(lambda: not any(pids_in(self._cluster)), _ORPHAN_SECONDS):
            raise StackError(f"Backends of a killed PostgreSQL still work in {self._cluster}.")
        for left in (lock, of_socket):
            left.unlink(missing_ok=True)

    def _program(self, command: list[str], name: str | None = None) -> Program:
        return self.program(command, {"HOME": str(self.data), "LC_ALL": "C"}, name)

    def _bin(self) -> Path:
        """Return the folder of the programs: of the version that made the cluster, if any."""
        version_file = self._cluster / "PG_VERSION"
        version = int(version_file.read_text()) if version_file.exists() else max(installed())
        if version not in installed():
            raise StackError(
                f"The data was made by PostgreSQL {version}, which is no longer installed. "
                "`make reset` drops the data."
            )
        return installed()[version]


@functools.cache
def installed() -> dict[int, Path]:
    """Return version → folder of programs, of every PostgreSQL that is new enough.

    Raises:
        StackError: there is none.
    """
    folders = {_version_of(folder): folder for folder in _candidates()}
    usable = {version: one for version, one in folders.items() if version >= OLDEST_VERSION}
    if not usable:
        raise StackError(f"PostgreSQL {OLDEST_VERSION} or newer is not installed.")
    return usable


def socket_folder(folder: Path, port: int) -> str:
    """Return the folders of Unix sockets as the server lists them.

    None where the path is too long, or has what ends a name in a list: TCP does then.
    """
    has_room = fits_a_socket(_socket(folder, port))
    return f'"{folder}"' if has_room and not set(str(folder)) & set(',"') else ""


def _socket(folder: Path, port: int) -> Path:
    return folder / f".s.PGSQL.{port}"


def _version_of(folder: Path) -> int:
    """Return the major version of the PostgreSQL in `folder`; 0 where it is unclear."""
    answer = subprocess.run(
        [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False
    )
    number = re.search(r"(\d+)", answer.stdout)
    return int(number[1]) if number else 0


def _candidates() -> Iterator[Path]:
    for pattern in _PLACES:
        for folder in Path("/").glob(pattern.lstrip("/")):
            if (folder / "postgres").exists() and (folder / "initdb").exists():
                yield folder
    on_path = shutil.which("postgres")
    if on_path and (Path(on_path).resolve().parent / "initdb").exists():
        yield Path(on_path).resolve().parent


def _locale() -> str:
    answer = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    return "C.UTF-8" if "C.utf8" in answer.stdout or "C.UTF-8" in answer.stdout else "C"
