"""Shows that every file derived from code is up to date, whoever generates it."""

import os
import subprocess
import sys

from deploy.generate.rooms import ROOT


def test_generated_files_are_up_to_date_in_any_environment() -> None:
    # Neither the settings of the one who generates nor the order of their hashes may show.
    stranger = {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "4711",
        "ENVIRONMENT": "test",
        "WALLET_PORT": "1",
        "REDIS_URL": "redis://elsewhere.invalid/0",
        "CURSOR_SECRET": "nobody-should-see-this-in-a-generated-file",
    }
    told = subprocess.run(
        [sys.executable, "-W", "error", "-m", "deploy.generate", "--check"],
        cwd=ROOT,
        env=stranger,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
