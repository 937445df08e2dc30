"""Sets a clone up: system packages, `.venv`, locked dependencies; starts nothing.

Run by bootstrap.sh with whatever Python 3.11 or newer there is, so it uses the standard library
alone, and none of our packages.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCKS = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}
STORAGE_LOCK = "deploy/storage.lock"  # the S3 server, which no service needs

# Our own packages are found through one .pth file: an editable install would need a build backend
# for each of them, for the same effect.
SOURCES = (
    "libs/kit",
    "libs/contracts",
    "libs/testkit",
    "services/auth",
    "services/wallet",
    "services/payments",
    "services/shop",
    "services/finance",
    "services/notifications",
    "services/sandbox",
    "gateway",
    ".",
)

_APT = {
    "postgres": "postgresql",
    "rabbitmq": "rabbitmq-server",
    "redis": "redis-server",
    "venv": "python3-venv",
    "hledger": "hledger",
    "nginx": "nginx",
}
_BREW = {
    "postgres": "postgresql@17",
    "rabbitmq": "rabbitmq",
    "redis": "redis",
    "venv": "python",
    "hledger": "hledger",
    "nginx": "nginx",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # whichever is there
_WHERE = "installed-in"
_BY = "installed-by"
_NO_BROWSER = "without-browser"
_POLICY = Path("/usr/sbin/policy-rc.d")


def main(kind: str) -> None:
    """Set up what "runtime" needs, or "dev": the tools of tests and checks too."""
    with _alone():
        _install_programs(kind)
        _install_packages(kind)
        if kind == "dev":
            _install_browser()


def missing_parts(kind: str) -> list[str]:
    """Return what the system lacks, by the names of `_APT`.

    For "dev" that may be hledger, which reads what finance exports in tests, and nginx, which they
    start before the gateway.
    """
    debian = any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = {
        "postgres": debian or _on_path("initdb"),
        "rabbitmq": Path("/usr/lib/rabbitmq/bin/rabbitmq-server").exists()
        or _on_path("rabbitmq-server"),
        "redis": _on_path("redis-server"),
        "venv": VENV.exists() or _can_make_venv(),
        "hledger": kind != "dev" or _on_path("hledger"),
        "nginx": kind != "dev" or Path("/usr/sbin/nginx").exists() or _on_path("nginx"),
    }
    return [part for part, is_there in found.items() if not is_there]


def is_installed(venv: Path, *locks: Path) -> bool:
    """Say whether `venv` holds exactly these locks and these sources, for its clone."""
    stamps = {venv / f"installed-{lock.name}": lock for lock in locks}
    stamps[venv / _BY] = Path(__file__)
    is_same = all(
        stamp.exists() and stamp.read_bytes() == source.read_bytes()
        for stamp, source in stamps.items()
    )
    return is_same and _made_for(venv) == str(venv.parent)


def is_moved(venv: Path) -> bool:
    """Say whether `venv` came along with a copied or moved clone.

    Its scripts and its way to our sources would lead to where it was made.
    """
    return _made_for(venv) not in {None, str(venv.parent)}


def uv_requirement(dev_lock: str) -> str:
    """Return uv's entry in the text of requirements-dev.lock, with its hashes.

    Raises:
        ValueError: it is not there.
    """
    entry: list[str] = []
    for line in dev_lock.splitlines():
        if entry and not line.startswith("    --hash"):
            break
        if entry or line.startswith("uv=="):
            entry.append(line)
    if not entry:
        raise ValueError("requirements-dev.lock does not name uv")
    return "\n".join(entry) + "\n"


def _install_packages(kind: str) -> None:
    lock = ROOT / LOCKS[kind]
    if is_installed(VENV, lock, ROOT / STORAGE_LOCK):
        return
    _make_venv()
    for one in (lock, ROOT / STORAGE_LOCK):
        _say(f"installing {one.name} into .venv")
        _install(one)
    _link_sources()
    shutil.copyfile(ROOT / STORAGE_LOCK, VENV / "installed-storage.lock")
    for name in LOCKS.values() if kind == "dev" else [lock.name]:
        shutil.copyfile(ROOT / name, VENV / f"installed-{name}")
    shutil.copyfile(__file__, VENV / _BY)
    (VENV / _WHERE).write_text(f"{ROOT}\n")


def _install_browser() -> None:
    """Install the browser of the tests; where none can be had, say so once."""
    if any(_on_path(name) for name in BROWSERS) or (VENV / _NO_BROWSER).exists():
        return
    if shutil.which("apt-get") and (os.geteuid() == 0 or shutil.which("sudo")):
        _say("chromium is for tests of passkeys, and takes a minute")
        _apt_install(["chromium"], is_needed=False)
    if not any(_on_path(name) for name in BROWSERS):
        _say("No Chromium can be installed here: tests that need a browser are skipped.")
        (VENV / _NO_BROWSER).touch()


def _install_programs(kind: str) -> None:
    missing = missing_parts(kind)
    if not missing:
        return
    if shutil.which("apt-get"):
        _apt_install([_APT[part] for part in missing])
    elif shutil.which("brew"):
        _say(f"brew install {' '.join(_BREW[part] for part in missing)}")
        _run(["brew", "install", *(_BREW[part] for part in missing)])
    else:
        names = ", ".join(missing)
        _fail(f"Not found: {names}. Install PostgreSQL 15+, RabbitMQ, Redis and Python's venv.")
    still_missing = missing_parts(kind)
    if still_missing:
        _fail(f"Still not found after installing: {', '.join(still_missing)}.")


def _apt_install(packages: Sequence[str], *, is_needed: bool = True) -> None:
    """Install Debian packages without letting them start the servers of the system.

    What is not needed may fail.
    """
    _say(f"apt-get install {' '.join(packages)}")
    prefix = _as_root(packages)
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    waiting = ["-o", "DPkg::Lock::Timeout=300"]
    with _nothing_starts(prefix):
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            _run([*prefix, *quiet, *waiting, *command], is_needed=is_needed)


def _as_root(packages: Sequence[str]) -> list[str]:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        return ["sudo"]
    _fail(f"Missing, and there is no sudo. As root: apt-get install {' '.join(packages)}")
    return []


@contextmanager
def _nothing_starts(prefix: Sequence[str]) -> Iterator[None]:
    """Forbid packages to start servers, unless the machine has a policy of its own.

    See https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt: 101 is "forbidden".
    """
    if _POLICY.exists():
        yield
        return
    with tempfile.NamedTemporaryFile("w") as draft:
        draft.write("#!/bin/sh\nexit 101\n")
        draft.flush()
        _run([*prefix, "install", "-m", "755", draft.name, str(_POLICY)])
    try:
        yield
    finally:
        _run([*prefix, "rm", "-f", str(_POLICY)])


def _make_venv() -> None:
    """Make .venv where there is none that works.

    One may have been moved or half made, or its Python may be gone.
    """
    if not is_moved(VENV) and _works(VENV / "bin" / "python"):
        return
    _say("making .venv")
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _works(python: Path) -> bool:
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if not python.exists():
        return False
    return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


def _install(lock: Path) -> None:
    """Install by uv, or by pip where uv can't be had or fails.

    uv is five times faster.

    pip knows proxies and mirrors of the machine (pip.conf) that uv does not.
    """
    uv = _uv()
    hashed = ["--require-hashes", "--no-deps", "-r", str(lock)]
    if uv is not None:
        answer = subprocess.run(
            [uv, "pip", "install", "-q", "--python", VENV / "bin" / "python", *hashed],
            env=os.environ | {"UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy")},
            check=False,
        )
        if answer.returncode == 0:
            return
        _say("uv failed, pip goes on")
    _run([*_pip(), *hashed])


def _uv() -> Path | None:
    """Return the locked uv in .venv, installed by pip; None where that fails."""
    requirement = uv_requirement((ROOT / LOCKS["dev"]).read_text())
    with tempfile.NamedTemporaryFile("w", suffix=".lock") as lock:
        lock.write(requirement)
        lock.flush()
        command = [*_pip(), "--require-hashes", "--no-deps", "-r", lock.name]
        answer = subprocess.run(command, capture_output=True, check=False)
    return VENV / "bin" / "uv" if answer.returncode == 0 else None


def _pip() -> list[str]:
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-q"]
    return [*pip, "--no-compile", "--no-input", "--disable-pip-version-check"]


def _link_sources() -> None:
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    python = str(VENV / "bin" / "python")
    answer = subprocess.run([python, "-c", query], capture_output=True, text=True, check=True)
    lines = [str((ROOT / source).resolve()) for source in SOURCES]
    (Path(answer.stdout.strip()) / "saldo.pth").write_text("\n".join(lines) + "\n")


def _made_for(venv: Path) -> str | None:
    where = venv / _WHERE
    return where.read_text().rstrip("\n") if where.exists() else None


def _can_make_venv() -> bool:
    query = [sys.executable, "-c", "import venv, ensurepip"]
    return subprocess.run(query, capture_output=True, check=False).returncode == 0


def _on_path(program: str) -> bool:
    return shutil.which(program) is not None


@contextmanager
def _alone() -> Iterator[None]:
    """Let a second set-up of the same clone wait for the first."""
    local = ROOT / ".local"
    local.mkdir(exist_ok=True)
    with (local / "bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str], *, is_needed: bool = True) -> None:
    answer = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if is_needed and answer.returncode != 0:
        _fail(f"`{' '.join(command)}` failed with exit code {answer.returncode}.")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _fail(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1])
