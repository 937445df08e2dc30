"""The process of a file: nobody begins one by hand without meaning to."""

import json
import os
import subprocess
import sys
from uuid import UUID

import pytest


@pytest.mark.parametrize("name", [os.devnull, "a terminal", "nothing"])
def test_begun_by_hand_it_says_that_it_does_nothing(name: str) -> None:
    terminals = os.openpty() if name == "a terminal" else ()
    command = f'exec "{sys.executable}" -m finance file-job {UUID(int=1)}'
    given = terminals[1] if terminals else subprocess.DEVNULL
    try:
        ended = subprocess.run(  # noqa: S603 - our own program
            ["/bin/sh", "-c", f"{command} <&-" if name == "nothing" else command],
            stdin=given,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for one in terminals:
            os.close(one)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        "file-job is begun by a worker, which holds its input; nothing was done"
    ]


def test_what_breaks_it_is_one_line_of_the_log() -> None:
    nowhere = "postgresql://finance:a-password@127.0.0.1:1/saldo"
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "finance", "file-job", str(UUID(int=1))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "FINANCE_DATABASE_URL": nowhere},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == ""
        told = [json.loads(line) for line in process.stderr]
    assert [(one["event"], one["level"], one["job"]) for one in told] == [
        ("file_job_broke", "error", str(UUID(int=1)))
    ]
    assert "a-password" not in str(told)
    assert process.returncode == 2
