"""Runs an installation in containers on the side of others, for a check."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

READY_SECONDS = 300
_OF_DOCKER = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH")


@dataclass(frozen=True)
class Installation:
    """A Compose project of a check's own.

    Attributes:
        project: Its name; no other may have it.
        root: The clone whose docker-compose.yml is run.
        variables: All that it is told, beside how to reach Docker.
        files: Further Compose files.
    """

    project: str
    root: Path
    variables: Mapping[str, str]
    files: tuple[Path, ...] = ()

    def with_variables(self, **variables: str) -> Self:
        """Return the same installation with other variables."""
        return replace(self, variables={**self.variables, **variables})

    @property
    def url(self) -> str:
        """Where its gateway is reached."""
        return self._url("gateway", "8000")

    @property
    def edge_url(self) -> str:
        """Where its nginx is reached, without TLS."""
        return self._url("nginx", "80")

    def _url(self, service: str, port: str) -> str:
        address = self.compose("port", service, port).strip()
        return f"http://127.0.0.1:{address.rpartition(':')[2]}"

    def compose(self, *words: str, check: bool = True, quiet: bool = True) -> str:
        """Run `docker compose` on it and return what it printed.

        SystemExit where it fails, unless `check` is false.
        """
        answer = self._run(*words, quiet=quiet)
        if check and answer.returncode != 0:
            said = f"{answer.stdout}{answer.stderr or ''}"
            raise SystemExit(f"docker compose {' '.join(words)} failed: {said}")
        return answer.stdout

    def succeeds(self, *words: str) -> bool:
        """Run `docker compose` on it and say whether that worked."""
        return self._run(*words, quiet=True).returncode == 0

    def _run(self, *words: str, quiet: bool) -> "subprocess.CompletedProcess[str]":
        kept = {name: os.environ[name] for name in _OF_DOCKER if name in os.environ}
        paths = ("docker-compose.yml", *map(str, self.files))
        files = [word for path in paths for word in ("-f", path)]
        return subprocess.run(
            ["docker", "compose", "-p", self.project, *files, *words],
            env={**kept, **self.variables},
            cwd=self.root,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if quiet else None,
            text=True,
        )

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return service → its container as `docker compose ps` shows it."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return {one["Service"]: one for one in map(json.loads, lines)}

    def up(self) -> None:
        """Build and start all of it; wait for the gateway, and for what comes after it.

        Everything else must then run, or have ended well.
        """
        self.compose("up", "--build", "--detach", "--quiet-pull", quiet=False)
        until = time.monotonic() + READY_SECONDS
        while not self._has_started():
            if time.monotonic() > until:
                raise SystemExit(self.compose("logs", "--tail", "20"))
            time.sleep(1)
        restless = [
            name
            for name, one in self.containers().items()
            if one["ExitCode"] != 0 or one["Health"] not in ("healthy", "")
        ]
        require(what=f"everything runs or ended well, but {restless}", holds=not restless)

    def _has_started(self) -> bool:
        found = {name: one["Health"] for name, one in self.containers().items()}
        return found.get("gateway") == "healthy" and "starting" not in found.values()

    def down(self, *, volumes: bool = False) -> None:
        """Take it down; what it kept stays, unless `volumes`."""
        more = ["--volumes", "--remove-orphans"] if volumes else []
        self.compose("down", *more)

    def user(self, name: str, password: str) -> None:
        """Make an active user, as an operator does: no mail server takes part here."""
        command = ["python", "-m", "auth", "create-user", "--username", name, "--active"]
        given = ["-e", f"FIRST_PASSWORD={password}"]
        self.compose("exec", "-T", *given, "auth", *command, "--password-env", "FIRST_PASSWORD")

    @contextmanager
    def on_the_side(self) -> Iterator[None]:
        """Remove it, volumes included, before and after."""
        self.down(volumes=True)
        try:
            yield
        finally:
            self.compose("down", "--volumes", "--remove-orphans", check=False)


def free_port() -> str:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def require(*, what: str, holds: bool) -> None:
    """End the check with what is wrong, unless it holds."""
    if not holds:
        raise SystemExit(f"wrong: {what}")


def tell(text: str) -> None:
    """Print what was seen."""
    print(text, flush=True)
