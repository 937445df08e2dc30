"""Upgrades an earlier commit's installation with what it holds, for a check.

Starts the stack of that commit in containers on the side, has people pay there, takes it down,
starts the present one on its volumes, and goes on where they were. Then everything is taken down,
volumes included. It touches no other stack, and no image but its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.calls import ApiCaller, answered
from deploy.installation import Installation, free_port, require, tell

ROOT = Path(__file__).parents[1]
PROJECT = "saldo-upgrade-check"
PASSWORD = "demo-password-1"  # noqa: S105 - made up for two people made up
IMAGES = "of-upgrade-check"  # the end of our images' tags
PORTS = {"gateway": 8000, "rabbitmq": 15672}
# Every currency of the ledger adds up to nothing.
UNBALANCED = """
SELECT currency, sum(balance_minor) FROM wallet.account GROUP BY 1 HAVING sum(balance_minor) <> 0
"""


def check(commit: str) -> None:
    """Check all of it; SystemExit says what was wrong."""
    with tempfile.TemporaryDirectory(prefix="saldo-upgrade-") as folder:
        earlier = _installation(_sources(commit, Path(folder) / "earlier"), Path(folder), "earlier")
        present = _installation(ROOT, Path(folder), "present")
        try:
            with earlier.on_the_side(), present.on_the_side():  # the present has volumes of its own
                earlier.up()
                left = _live(earlier)
                tell(f"up at {commit}: 150.00 RUB paid, 100.00 reserved, 75.00 due in a week")
                earlier.down()
                present.up()
                tell("down, and up as it is now")
                _go_on(present, left)
        finally:
            _drop_images()
    tell(f"what {commit} held is there, and goes on")


def _sources(commit: str, folder: Path) -> Path:
    """Write what the repository held at a commit into a folder."""
    packed = subprocess.run(
        ["git", "archive", commit], cwd=ROOT, check=False, stdout=subprocess.PIPE
    )
    if packed.returncode != 0:
        raise SystemExit(f"{commit} is no commit of this clone: FROM=... names one.")
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
    return folder


def _installation(root: Path, folder: Path, when: str) -> Installation:
    """Return an installation with images and ports of its own, whatever its file says."""
    plain = Installation(PROJECT, root, {"COMPOSE_PROFILES": "development"})
    services = json.loads(plain.compose("config", "--format", "json"))["services"]
    lines = ["services:"]
    for name, service in services.items():
        own = []
        if service["image"].startswith("saldo-"):
            own.append(f"    image: {service['image']}:{when}-{IMAGES}")
        if name in PORTS:
            own.append(f'    ports: !override ["127.0.0.1:{free_port()}:{PORTS[name]}"]')
        lines += [f"  {name}:", *own] if own else []
    file = folder / f"{when}.yml"
    file.write_text("\n".join(lines) + "\n")
    return Installation(PROJECT, root, plain.variables, (file,))


def _drop_images() -> None:
    look = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]
    names = subprocess.run(look, check=True, capture_output=True, text=True).stdout.split()
    ours = [name for name in names if name.endswith(IMAGES)]
    if ours:
        subprocess.run(["docker", "image", "rm", *ours], check=True, stdout=subprocess.DEVNULL)


@dataclass(frozen=True)
class Left:
    """Holds what people left in the earlier installation."""

    names: tuple[str, str]
    ids: dict[str, str]
    wallets: list[dict[str, Any]]


def _live(installation: Installation) -> Left:
    """Have one pay the other, reserve for them, and plan a payment."""
    stamp = f"{datetime.now(UTC):%H%M%S}"
    names = (f"payer{stamp}", f"payee{stamp}")
    in_a_week = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    with httpx.Client(base_url=installation.url, timeout=30) as http:
        payer, payee = (_arrive(http, name) for name in names)
        payer.post("/v1/wallets/top-up", {"amount": "1000.00", "currency": "RUB"})
        ids = {
            "paid": payer.payment(names[1], "150.00", confirm=True)["id"],
            "reserved": _reserved(payer, names[1]),
            "planned": payer.payment(names[1], "75.00", execute_at=in_a_week)["id"],
        }
        require(what="the payment is paid", holds=payer.settled(ids["paid"]) == "paid")
        return Left(names, ids, [_kept(one) for one in (payer, payee)])


def _reserved(payer: ApiCaller, payee: str) -> str:
    body = {"payee": {"username": payee}, "amount": "100.00", "currency": "RUB", "reserve": True}
    payment = payer.post("/v1/payments", body, Prefer="wait=10")
    require(what="100.00 are reserved", holds=payment["reserved_at"] is not None)
    return str(payment["id"])


def _arrive(http: httpx.Client, name: str) -> ApiCaller:
    registered = answered(
        http.post("/v1/auth/register", json={"username": name, "password": PASSWORD})
    )
    token = registered["activation"]["token"]
    answered(http.post("/v1/auth/activate", json={"token": token}))
    return ApiCaller.log_in(http, name, PASSWORD)


def _kept(caller: ApiCaller) -> dict[str, Any]:
    """Return what of a wallet stays as it is over any upgrade."""
    wallet = caller.wallet()
    entries = caller.get(f"/v1/wallets/{wallet['id']}/entries")["items"]
    return {
        **{name: wallet[name] for name in ("id", "balance", "held", "available")},
        "entries": [(one["kind"], one["amount"]) for one in entries],
    }


def _go_on(installation: Installation, left: Left) -> None:
    """Find everything as it was, and go on from there."""
    with httpx.Client(base_url=installation.url, timeout=30) as http:
        payer, payee = (ApiCaller.log_in(http, name, PASSWORD) for name in left.names)
        now = [_kept(one) for one in (payer, payee)]
        require(what=f"the wallets are {left.wallets}, not {now}", holds=now == left.wallets)
        payer.post(f"/v1/payments/{left.ids['reserved']}/pay")
        ended = payer.settled(left.ids["reserved"])
        require(what=f"what was reserved is paid, not {ended}", holds=ended == "paid")
        payer.post(f"/v1/payments/{left.ids['planned']}/cancel")
        payee.post(
            f"/v1/payments/{left.ids['paid']}/refunds", {"amount": "50.00"}, Prefer="wait=10"
        )
        new = payer.payment(left.names[1], "25.00", confirm=True)
        require(what="a new payment is paid", holds=payer.settled(new["id"]) == "paid")
        seen = (payer.balance(), payee.balance())
        require(what=f"the balances are right, not {seen}", holds=seen == ("775.00", "225.00"))
    asked = ("psql", "-qAt", "-U", "postgres", "-d", "saldo", "-c", UNBALANCED)
    unbalanced = installation.compose("exec", "-T", "postgres", *asked).strip()
    require(what=f"the ledger adds up, but {unbalanced}", holds=not unbalanced)
    tell(
        "the wallets are as they were; a reservation was paid, a plan cancelled, a part given back"
    )


def main(words: Sequence[str]) -> None:
    """Check the upgrade from a commit."""
    parser = argparse.ArgumentParser(prog="python -m deploy.upgrade", description=__doc__)
    parser.add_argument("commit")
    check(parser.parse_args(words).commit)


if __name__ == "__main__":
    main(sys.argv[1:])
