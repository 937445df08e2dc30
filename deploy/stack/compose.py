"""Asks about the stack of `make up`, in containers; starts and ends nothing.

`make seed`, `demo`, `messages` and `sagas` serve people with either kind of stack.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_COMPOSE = str(Path(__file__).parents[1] / "compose.sh")


def runs(service: str) -> bool:
    """Say whether the container of a service is running."""
    return bool(_asked("ps", "--status", "running", "--quiet", service))


def gateway_url() -> str | None:
    """Return where the gateway is reached; None where it does not run."""
    address = _asked("port", "gateway", "8000") if runs("gateway") else ""
    return f"http://localhost:{address.rpartition(':')[2]}" if address else None


def command(service: str, words: Sequence[str], variables: Sequence[str] = ()) -> list[str]:
    """Return the command that runs another in a service's container.

    `variables` are passed on from our environment.
    """
    passed = [word for name in variables for word in ("-e", name)]
    return [_COMPOSE, "exec", "-T", *passed, service, *words]


def _asked(*words: str) -> str:
    if shutil.which("docker") is None:
        return ""
    answer = subprocess.run([_COMPOSE, *words], capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else ""
