"""``make production-env`` and ``make production-check``: Saldo as it runs for real, in containers.

The first prints a `.env` with fresh secrets. The second starts the whole of docker-compose.yml
with such a file, has a bank credit a wallet, pays a payment, stops the gateway under an open
stream, and takes everything down again, volumes included. It touches no other stack.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from kit import signatures

ROOT = Path(__file__).parents[1]
PASSWORDS = (
    "POSTGRES_PASSWORD",
    "AUTH_DATABASE_PASSWORD",
    "AUTH_OWNER_PASSWORD",
    "WALLET_DATABASE_PASSWORD",
    "WALLET_OWNER_PASSWORD",
    "PAYMENTS_DATABASE_PASSWORD",
    "PAYMENTS_OWNER_PASSWORD",
    "NOTIFICATIONS_DATABASE_PASSWORD",
    "NOTIFICATIONS_OWNER_PASSWORD",
    "RABBITMQ_PASSWORD",
    "REDIS_PASSWORD",
)
SECRETS = (
    "CURSOR_SECRET",
    "AUTH_KEY_SECRET",
    "PAYMENTS_CLIENT_SECRET",
    "NOTIFICATIONS_CLIENT_SECRET",
    "WALLET_CLIENT_SECRET",
    "WALLET_BANK_SECRET",
    "NOTIFICATIONS_WEBHOOK_KEY",
)
# What nobody but the operator can know; the check puts in what serves it.
ASKED = {
    "AUTH_PUBLIC_URL": "where people reach the gateway, as https://pay.your-bank.ru",
    "AUTH_ACTIVATION_DELIVERY": "email, or response",
    "NOTIFICATIONS_MAIL_FROM": "the sender of all mails",
    "NOTIFICATIONS_SMTP_HOST": "your mail server; NOTIFICATIONS_SMTP_PORT, _TLS, _USER, _PASSWORD",
    "PAYMENTS_VERIFIER_ONE_URL": "the first verification service",
    "PAYMENTS_VERIFIER_TWO_URL": "the second",
    "PAYMENTS_PROVIDER": "stripe (then _STRIPE_KEY, _STRIPE_WEBHOOK_SECRET) or yookassa",
}
PROJECT = "saldo-production-check"
READY_SECONDS = 300
PAID_SECONDS = 30
STOP_SECONDS = 3
PAYER, PAYEE = "alice", "bob"


def environment() -> str:
    """Return a `.env` for production: fresh secrets, and what is to be filled in."""
    made = [f"{name}={secrets.token_hex(24)}" for name in (*SECRETS, *PASSWORDS)]
    asked = [line for name, what in ASKED.items() for line in (f"# {what}", f"{name}=")]
    head = ["ENVIRONMENT=production"]
    return "\n".join([*head, "", *made, "", *asked]) + "\n"


@dataclass(frozen=True)
class Installation:
    """A compose project of the check's own; `variables` are all that it is told."""

    variables: dict[str, str]

    def compose(self, *words: str, check: bool = True, quiet: bool = False) -> str:
        """Run `docker compose` on it and return what it printed."""
        kept = {name: os.environ[name] for name in _OF_DOCKER if name in os.environ}
        answer = subprocess.run(
            ["docker", "compose", "-p", PROJECT, "-f", "docker-compose.yml", *words],
            env=kept | self.variables,
            cwd=ROOT,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            text=True,
        )
        if check and answer.returncode != 0:
            raise SystemExit(f"docker compose {' '.join(words)} failed: {answer.stdout}")
        return answer.stdout

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return service → its container as `docker compose ps` shows it."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return {one["Service"]: one for one in map(json.loads, lines)}

    def user(self, name: str, password: str) -> None:
        """Make an active user, as an operator does: no mail server takes part here."""
        command = ["python", "-m", "auth", "create-user", "--username", name, "--active"]
        given = ["-e", f"FIRST_PASSWORD={password}"]
        self.compose("exec", "-T", *given, "auth", *command, "--password-env", "FIRST_PASSWORD")


_OF_DOCKER = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH")


def check() -> None:
    """Start it, pay, stop it, and take it down; exits with what was wrong."""
    variables = _variables()
    installation = Installation(variables)
    url = f"http://127.0.0.1:{variables['PUBLISHED_PORT']}"
    with _up(installation):
        _say(f"up in production at {url}, without the sandbox")
        with httpx.Client(base_url=url, timeout=30) as http:
            token = _pay(installation, http)
        _stop_under_a_stream(installation, url, token)
    _say("production starts, pays and stops")


def _variables() -> dict[str, str]:
    lines = [line.partition("=") for line in environment().splitlines() if line[:1].isalpha()]
    random = secrets.token_hex(16)
    return {name: value for name, _, value in lines if value} | {
        "PUBLISHED_PORT": str(_free_port()),
        "RABBITMQ_PAGES_PORT": str(_free_port()),
        "AUTH_PUBLIC_URL": "https://pay.saldo.test",
        "AUTH_ACTIVATION_DELIVERY": "email",
        "NOTIFICATIONS_MAIL_FROM": "Saldo <no-reply@saldo.test>",
        "NOTIFICATIONS_SMTP_HOST": "mail.saldo.test",
        "PAYMENTS_VERIFIER_ONE_URL": "https://one.saldo.test/verify",
        "PAYMENTS_VERIFIER_TWO_URL": "https://two.saldo.test/verify",
        "PAYMENTS_PROVIDER": "stripe",
        "PAYMENTS_STRIPE_KEY": f"sk_live_{random}",
        "PAYMENTS_STRIPE_WEBHOOK_SECRET": f"whsec_{random}",
    }


@contextmanager
def _up(installation: Installation) -> Iterator[None]:
    try:
        installation.compose("up", "--build", "--detach", "--quiet-pull")
        until = time.monotonic() + READY_SECONDS
        while installation.containers().get("gateway", {}).get("Health") != "healthy":
            if time.monotonic() > until:
                raise SystemExit(installation.compose("logs", "--tail", "20"))
            time.sleep(1)
        found = installation.containers()
        _require(what="the sandbox is not there", holds="sandbox" not in found)
        restless = [
            name
            for name, one in found.items()
            if one["ExitCode"] != 0 or one["Health"] not in ("healthy", "")
        ]
        _require(what=f"everything runs or ended well, but {restless}", holds=not restless)
        yield
    finally:
        installation.compose("down", "--volumes", "--remove-orphans", check=False, quiet=True)


def _pay(installation: Installation, http: httpx.Client) -> str:
    """Have alice pay bob 150.00 of what her bank sent; return her token."""
    password = secrets.token_hex(12)
    for name in (PAYER, PAYEE):
        installation.user(name, password)
    payer, payee = (_log_in(http, name, password) for name in (PAYER, PAYEE))
    for path in ("/docs", "/openapi.json", "/sandbox/mail"):
        _require(
            what=f"{path} is not there", holds=http.get(path).status_code == httpx.codes.NOT_FOUND
        )
    wallet = _ok(http.get("/v1/wallets/me", params={"currency": "RUB"}, headers=payer))
    made_up = {"amount": "1.00", "currency": "RUB"}
    free = http.post("/v1/wallets/top-up", json=made_up, headers=payer)
    _require(what="nobody tops up with made-up money", holds=free.is_client_error)
    _credit(http, installation.variables["WALLET_BANK_SECRET"], wallet["id"])
    body = {"payee": {"username": PAYEE}, "amount": "150.00", "currency": "RUB", "confirm": True}
    payment = _ok(http.post("/v1/payments", json=body, headers=payer))
    until = time.monotonic() + PAID_SECONDS
    while payment["status"] not in ("paid", "failed") and time.monotonic() < until:
        time.sleep(0.1)
        payment = _ok(http.get(f"/v1/payments/{payment['id']}", headers=payer))
    _require(
        what=f"the payment is paid, not {payment['status']}", holds=payment["status"] == "paid"
    )
    for headers, balance in ((payer, "850.00"), (payee, "150.00")):
        seen = _ok(http.get("/v1/wallets/me", params={"currency": "RUB"}, headers=headers))
        amount = seen["balance"]["amount"]
        _require(what=f"the balance is {balance}, not {amount}", holds=amount == balance)
    _say("a bank's credit came in, 150.00 RUB were paid, the balances are right")
    return payer["Authorization"]


def _credit(http: httpx.Client, secret: str, wallet_id: str) -> None:
    told = {
        "transaction_id": f"bank-{secrets.token_hex(8)}",
        "wallet_id": wallet_id,
        "amount": "1000.00",
        "currency": "RUB",
    }
    body = json.dumps(told).encode()
    signed = {
        "Bank-Signature": signatures.sign(secret, body, datetime.now(UTC)),
        "Content-Type": "application/json",
    }
    answer = _ok(http.post("/v1/wallets/webhooks/bank", content=body, headers=signed))
    _require(what="the credit reaches the wallet", holds=answer["to"] == "wallet")


def _stop_under_a_stream(installation: Installation, url: str, token: str) -> None:
    """Stop the gateway while somebody listens: it ends soon, the stream whole, the log clean."""
    headers = {"Authorization": token}
    with (
        httpx.Client(base_url=url, timeout=60) as http,
        http.stream("GET", "/v1/payments/events", headers=headers) as stream,
    ):
        chunks = stream.iter_bytes()
        next(chunks)
        began = time.monotonic()
        installation.compose("kill", "--signal", "SIGTERM", "gateway", quiet=True)
        for _ in chunks:
            pass
        while installation.containers()["gateway"]["State"] == "running":
            time.sleep(0.1)
        took = time.monotonic() - began
    _require(
        what=f"the gateway ends within {STOP_SECONDS} s, not {took:.1f}", holds=took < STOP_SECONDS
    )
    for line in installation.compose("logs", "--no-log-prefix", "gateway").splitlines():
        is_complaint = '"level":"error"' in line or "Traceback" in line
        _require(what=f"the gateway logs no error, but {line}", holds=not is_complaint)
    _say(f"the gateway ended {took:.1f} s after SIGTERM, an open stream with it")


def _log_in(http: httpx.Client, name: str, password: str) -> dict[str, str]:
    login = _ok(http.post("/v1/auth/login", json={"username": name, "password": password}))
    return {"Authorization": f"Bearer {login['access_token']}"}


def _ok(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


def _require(*, what: str, holds: bool) -> None:
    if not holds:
        raise SystemExit(f"wrong: {what}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _say(text: str) -> None:
    print(text, flush=True)


def main(words: Sequence[str]) -> None:
    """Print the file, or check."""
    if list(words) == ["env"]:
        print(environment(), end="")
    else:
        check()


if __name__ == "__main__":
    main(sys.argv[1:])
