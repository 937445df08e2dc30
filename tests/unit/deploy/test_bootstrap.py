import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from deploy import bootstrap
from deploy.bootstrap import (
    LOCKS,
    ROOT,
    SOURCES,
    STORAGE_LOCK,
    is_installed,
    is_moved,
    uv_requirement,
)

from testkit import browser

RUNTIME, DEV = (ROOT / name for name in LOCKS.values())
STORAGE = ROOT / STORAGE_LOCK


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def test_the_tools_lock_holds_every_pin_of_the_runtime_lock() -> None:
    assert pins(RUNTIME).items() <= pins(DEV).items()


def test_the_storages_lock_changes_no_package_of_the_services() -> None:
    ours, theirs = pins(DEV), pins(STORAGE)
    assert {name: theirs[name] for name in theirs.keys() & ours.keys()}.items() <= ours.items()
    assert "nanio" not in ours


@pytest.mark.check(68)
@pytest.mark.parametrize("lock", [RUNTIME, DEV, STORAGE])
def test_every_pin_has_hashes(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    for line, following in pairwise(lines):
        if not line.startswith(" "):
            assert following.startswith("    --hash=sha256:"), line


@pytest.mark.parametrize("lock", [RUNTIME, DEV, STORAGE])
def test_no_lock_says_where_packages_come_from(lock: Path) -> None:
    assert not re.search(r"--index|--extra-index|--find-links|://", lock.read_text())


@pytest.mark.parametrize("lock", [RUNTIME, DEV, STORAGE])
def test_our_own_packages_come_from_no_index(lock: Path) -> None:
    own = {Path(source).name for source in SOURCES if source != "."}
    assert not own & pins(lock).keys()


def test_uv_is_taken_out_of_the_tools_lock_with_its_hashes() -> None:
    entry = uv_requirement(DEV.read_text()).splitlines()
    assert entry[0].startswith("uv==")
    assert all(line.startswith("    --hash=") for line in entry[1:])
    assert len(entry) > 1
    assert not entry[-1].endswith("\\")


def test_a_lock_without_uv_is_refused() -> None:
    with pytest.raises(ValueError, match="uv"):
        uv_requirement("uvloop==1.0 \\\n    --hash=sha256:00\n")


def test_every_source_folder_is_there() -> None:
    assert [source for source in SOURCES if not (ROOT / source).is_dir()] == []


def test_tests_drive_the_browsers_that_the_set_up_looks_for() -> None:
    assert bootstrap.BROWSERS == browser.PROGRAMS
    script = (ROOT / "deploy/bootstrap.sh").read_text()
    assert [name for name in browser.PROGRAMS if f"command -v {name} " not in script] == []


@pytest.fixture
def installed(tmp_path: Path) -> tuple[Path, Path]:
    """A clone's .venv and lock, just installed."""
    lock = tmp_path / "clone" / "requirements.lock"
    venv = tmp_path / "clone" / ".venv"
    venv.mkdir(parents=True)
    lock.write_text("one==1\n")
    (venv / "installed-requirements.lock").write_text("one==1\n")
    (venv / "installed-by").write_bytes(Path(bootstrap.__file__).read_bytes())
    (venv / "installed-in").write_text(f"{tmp_path / 'clone'}\n")
    return venv, lock


def test_what_was_installed_is_not_installed_again(installed: tuple[Path, Path]) -> None:
    assert is_installed(*installed)


def test_another_lock_is_installed(installed: tuple[Path, Path]) -> None:
    venv, lock = installed
    lock.write_text("one==2\n")
    assert not is_installed(venv, lock)


def test_another_storage_is_installed(installed: tuple[Path, Path]) -> None:
    venv, lock = installed
    assert not is_installed(venv, lock, STORAGE)
    (venv / "installed-storage.lock").write_bytes(STORAGE.read_bytes())
    assert is_installed(venv, lock, STORAGE)


def test_a_new_room_is_linked_though_the_lock_is_the_same(installed: tuple[Path, Path]) -> None:
    venv, lock = installed
    (venv / "installed-by").write_text("SOURCES = ()\n")
    assert not is_installed(venv, lock)


def test_a_copied_clone_does_not_run_the_code_of_the_original(
    installed: tuple[Path, Path], tmp_path: Path
) -> None:
    venv, _ = installed
    copy = venv.parent.rename(tmp_path / "moved")
    assert is_moved(copy / ".venv")
    assert not is_installed(copy / ".venv", copy / "requirements.lock")


@pytest.mark.parametrize("missing", ["installed-requirements.lock", "installed-by", "installed-in"])
def test_a_half_made_environment_is_not_installed(
    installed: tuple[Path, Path], missing: str
) -> None:
    venv, lock = installed
    (venv / missing).unlink()
    assert not is_installed(venv, lock)
    assert not is_moved(venv)


def chosen(folder: Path, **answers: str) -> str:
    """Return which Python sets a clone up, of fakes that say "no" to what asks for `answers`."""
    (folder / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/bootstrap.sh", folder / "deploy")
    programs = folder / "programs"
    programs.mkdir()
    for name, refused in answers.items():
        fake = programs / name.replace("_", ".")
        fake.write_text(
            f"#!/bin/sh\ncase $2 in *{refused}*) exit 1;; runtime) echo ${{0##*/}};; esac\n"
        )
        fake.chmod(0o755)
    told = subprocess.run(  # noqa: S603 - our own
        ["/bin/sh", folder / "deploy/bootstrap.sh", "runtime"],
        env={"PATH": f"{programs}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


NOTHING, QUICK, NEW = "nothing", "ensurepip", "version_info"


def test_the_first_python_that_is_built_for_speed_sets_a_clone_up(tmp_path: Path) -> None:
    others = {"python3_14": NEW, "python3_13": NEW, "python3_12": NOTHING, "python3_11": NOTHING}
    found = chosen(tmp_path, python3=QUICK, **others)
    assert found == "python3.12"


def test_it_is_the_one_that_people_call_where_that_is(tmp_path: Path) -> None:
    assert chosen(tmp_path, python3=NOTHING, python3_14=NOTHING) == "python3"
