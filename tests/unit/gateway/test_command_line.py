"""``python -m gateway``."""

import subprocess
import sys

import orjson


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "gateway", *arguments], capture_output=True, check=False, timeout=60
    )


def test_openapi_prints_the_gateways_own_document() -> None:
    done = run("openapi")
    assert done.returncode == 0
    assert list(orjson.loads(done.stdout)["paths"]) == ["/v1/me", "/v1/currencies"]


def test_an_unknown_command_is_refused() -> None:
    done = run("dance")
    assert done.returncode == 2
    assert b"dance" in done.stderr
