"""Does what each command of the runner says; `__main__` reads their words.

Here is what is special to `make`: the clone's own stack, its usual ports, its words to people.
Tests use `Stack` without any of it.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from deploy.stack import compose
from deploy.stack.environment import chosen_by_user
from deploy.stack.errors import StackError
from deploy.stack.greeting import greeting
from deploy.stack.infrastructure import PROCESSES
from deploy.stack.locks import LOCK, held
from deploy.stack.log import Show, bold, may_colour, red, say
from deploy.stack.ports import LAST_PORT
from deploy.stack.services import GATEWAY, ROOMY_LIMITS, SERVICES
from deploy.stack.stack import Stack
from deploy.stack.state import StackState

ROOT = Path(__file__).parents[2]
LOCAL = ".local"
LOCAL_VARIABLE = "SALDO_STACK"
MANAGEMENT_PORT = 15672
STORAGE_PORT = 9000

_PAUSE_SECONDS = 0.2
_CHECK_SECONDS = 2.0
_HEARD_SECONDS = 2.0


def own_stack() -> Stack:
    """Return the stack of this clone, as `.env` and the environment want it.

    It is the one kept under `.local`, or wherever `SALDO_STACK` says that another is kept.
    """
    chosen = chosen_by_user(ROOT, os.environ)
    local = Path(os.environ.get(LOCAL_VARIABLE) or LOCAL)
    ports = {name: port for service in SERVICES for name, port in service.ports.items()}
    host = {"GATEWAY_HOST": chosen["GATEWAY_HOST"]} if "GATEWAY_HOST" in chosen else {}
    return Stack(
        ROOT,
        local,
        gateway_port=gateway_port(chosen, ROOT / local),
        preferred_ports={**ports, "rabbitmq_api": MANAGEMENT_PORT, "storage": STORAGE_PORT},
        settings={**ROOMY_LIMITS, **chosen},
        extra_env={GATEWAY.name: host},
        say=say,
    )


def gateway_port(chosen: Mapping[str, str], local: Path) -> int:
    """Return the port as chosen, else the one before an unclean end, else 8000.

    Raises:
        StackError: what was chosen is no port.
    """
    if "GATEWAY_PORT" not in chosen:
        return StackState.open(local).ports.get(GATEWAY.name, GATEWAY.port)
    text = chosen["GATEWAY_PORT"]
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= LAST_PORT:
        raise StackError(f"GATEWAY_PORT={text} is no port: write a number from 1 to {LAST_PORT}.")
    return int(text)


def run(*, detach: bool) -> int:
    """Start everything; stay and show the log until interrupted, unless detached."""
    stack = own_stack()
    stack.start()
    say(greeting(stack))
    if detach:
        say("Running in the background: `make logs` shows, `make stop` ends.")
        return 0
    say("Ctrl-C stops everything. What it says from now on:\n")
    try:
        _show_until_stopped(stack)
    except KeyboardInterrupt:
        say("\nstopping")
        stack.stop()
    return 0


def stop() -> int:
    """End all that this stack started."""
    ended = own_stack().stop()
    for stack in leftovers(ROOT):
        ended += [f"{name} of {stack.local.name}" for name in stack.stop()]
    say(f"stopped {', '.join(ended)}" if ended else "nothing was running")
    return 0


def reset() -> int:
    """End all and drop the data."""
    own_stack().reset()
    for stack in leftovers(ROOT):
        stack.reset()
    say("stopped; data, logs, ports and passwords are dropped")
    return 0


def leftovers(root: Path) -> Iterator[Stack]:
    """Yield the stacks that killed tests and benchmarks left behind.

    One whose command still runs is left alone, and told of.
    """
    for folder in sorted((root / LOCAL).glob("*")):
        is_data = folder.name.startswith("data-")  # of many files, and none of them a stack's
        states = [] if is_data or not folder.is_dir() else sorted(folder.rglob("stack.json"))
        if not states:
            continue
        try:
            with held(folder / LOCK, f"{folder.name} is running in another terminal: left alone"):
                for state in states:
                    yield Stack(root, state.parent.relative_to(root))
        except StackError as error:
            say(str(error))


def status() -> int:
    """Print what runs where; the exit code says whether everything is ready."""
    stack = own_stack()
    for name in _names(stack):
        identity = stack.processes.identity_of(name)
        say(f"{name:<10} {f'pid {identity.pid}' if identity else 'not running'}")
    is_ready = stack.is_ready()
    say(f"ready at {stack.gateway_url}" if is_ready else "not ready")
    return 0 if is_ready else 1


def logs() -> int:
    """Show the log until interrupted or until nothing runs any more."""
    try:
        _show_until_stopped(own_stack())
    except KeyboardInterrupt:
        say("")
    return 0


def develop(service: str) -> int:
    """Run one service in the foreground with reload, the others in the background."""
    stack = own_stack()
    if not stack.is_ready():
        stack.start()
    stack.stop_service(service)
    say(f"{service} at {stack.url_of(service)}, reloaded when a file changes. Ctrl-C ends it; ")
    say("`make run` brings it back among the others, `make stop` ends those.")
    folders = (_folder(service), ROOT / "libs")
    command = reloading(sys.executable, service, folders)
    return attended(command, stack.env_of(service))


def attended(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command in the foreground; on a signal, end it and what it started.

    A terminal signals the command too. SIGTERM reaches only us, so we pass it on.
    """
    with subprocess.Popen(command, env=environment) as running:
        try:
            return running.wait()
        except KeyboardInterrupt:
            try:
                running.wait(_HEARD_SECONDS)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGINT)
            return 0


def reloading(python: str, service: str, folders: Iterable[Path]) -> list[str]:
    """Return the command that runs a service again whenever a file changes."""
    program = shlex.join([python, "-m", service, "all"])  # the clone's path may have blanks
    return [sys.executable, "-m", "watchfiles", program, *map(str, folders)]


def in_service(services: Sequence[str], words: Sequence[str]) -> int:
    """Run `python -m SERVICE WORDS` for each service, with the servers up meanwhile."""
    stack = own_stack()
    was_up = stack.infrastructure.is_alive
    if not was_up:
        stack.start_infrastructure()
    try:
        codes = (_run_in(stack, service, words) for service in services)
        return next((code for code in codes if code != 0), 0)
    finally:
        if not was_up:
            stack.stop()


def operate(service: str, words: Sequence[str]) -> int:
    """Run `python -m SERVICE WORDS` on the stack that runs here, else in Compose.

    Raises:
        StackError: neither runs.
    """
    stack = own_stack()
    if stack.knows_services:
        return _run_in(stack, service, words)
    if compose.runs(service):
        command = compose.command(service, ["python", "-m", service, *words])
        return subprocess.run(command, check=False).returncode
    raise StackError("Nothing is running, here or in Compose. `make run` or `make up` starts it.")


def _run_in(stack: Stack, service: str, words: Sequence[str]) -> int:
    command = [sys.executable, "-m", service, *words]
    return subprocess.run(command, env=stack.env_of(service), check=False).returncode


def with_database() -> list[str]:
    """Return the names of the services that have a schema."""
    return [service.name for service in SERVICES if service.migration is not None]


def _names(stack: Stack) -> list[str]:
    """Return the names of all that runs, of replicas, too."""
    return [*stack.services, *sorted(PROCESSES)]


def _show_until_stopped(stack: Stack) -> None:
    show = Show(_names(stack), stack.log_of, may_colour(sys.stdout), say)
    show.skip_to_end()
    running = set(stack.processes.names())
    if not running:
        raise StackError("Nothing is running. `make run` starts it.")
    next_check = time.monotonic()
    while running:
        if not show.step():
            time.sleep(_PAUSE_SECONDS)
        if time.monotonic() > next_check:
            running = _report_ended(stack, running)
            next_check = time.monotonic() + _CHECK_SECONDS
    say(bold("everything was stopped"))


def _report_ended(stack: Stack, running: set[str]) -> set[str]:
    now = set(stack.processes.names())
    for name in sorted(running - now):
        say(red(f"{name} has ended. `make run DETACH=1` in another terminal starts it again."))
    return now


def _folder(service: str) -> Path:
    inside = ROOT / "services" / service
    return inside if inside.is_dir() else ROOT / service
