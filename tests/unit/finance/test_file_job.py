"""The process of a file: nobody begins one by hand without meaning to."""

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
