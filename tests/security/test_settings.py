"""A setting that makes no sense ends the start: exit code 2, and a line that names the variable."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any, get_args

import pytest
from deploy.generate import rooms

from kit.settings import AT_FAULT, EnvironmentSettings, load, variable

CLASSES = {room: rooms.settings_class(room) for room in [*rooms.services(), rooms.GATEWAY]}
OF_KIND: dict[type, tuple[str, ...]] = {
    int: ("abc", "1.5", "-1", "9" * 5000),
    float: ("abc", "-1", "nan", "inf"),
    bool: ("perhaps",),
    list: ("everybody", '["unclosed"', "{}"),
    timedelta: ("soon", "-3s", "5"),
}
OF_NAME = {
    "port": ("0", "70000", "abc", "-1", "80,81"),
    "url": ("nowhere", "//host:80", "ftp://host", "http://", "http://host:99999", "http://[::1"),
    "networks": ('["none"]', '["10.0.0.0/33"]', "10.0.0.0/8"),
    "host": ("not a host", "http://host"),
    "environment": ("staging", "PRODUCTION"),
    "log_level": ("LOUD",),
}
ANY_NUMBER = {"seed"}


def _kinds(annotation: Any) -> set[Any]:
    return {getattr(one, "__origin__", None) or one for one in (annotation, *get_args(annotation))}


def _bad() -> list[Any]:
    """Return every setting with what it can't be: by its type, and by what it is called."""
    found: dict[str, Any] = {}  # what several rooms share is tried in one
    for room, settings in CLASSES.items():
        for name, field in settings.model_fields.items():
            values = (
                []
                if name in ANY_NUMBER
                else [
                    value
                    for kind, bad in OF_KIND.items()
                    if kind in _kinds(field.annotation)
                    for value in bad
                ]
            )
            for end, bad in OF_NAME.items():
                if name == end or name.endswith(f"_{end}"):
                    values += bad
            if values:
                named = variable(settings, name)
                found.setdefault(named, pytest.param(room, name, values, id=named))
    return list(found.values())


@pytest.mark.parametrize(("room", "name", "values"), _bad())
def test_it_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    room: str,
    name: str,
    values: list[str],
) -> None:
    settings: type[EnvironmentSettings] = CLASSES[room]
    named = variable(settings, name)
    for value in values:
        monkeypatch.setenv(named, value)
        with pytest.raises(SystemExit) as ended:
            load(settings, env_file=None)
        assert ended.value.code == AT_FAULT
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 2, told
        assert named in told[1]


@pytest.mark.parametrize("room", CLASSES)
def test_the_process_ends_with_code_2_and_no_traceback(room: str) -> None:
    named = variable(CLASSES[room], "port")
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", room, "api"],
        env=os.environ | {named: "70000"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == AT_FAULT
    assert [named in line for line in ended.stderr.splitlines()] == [False, True]
    assert ended.stdout == ""
