"""Prints a `.env` for production, and checks Saldo in containers with such a one.

The first prints a `.env` with fresh secrets. The second starts the whole of docker-compose.yml
with such a file: its first start is cut short, a bank credits a wallet, a payment is paid, all of
it goes down and comes up, every password is changed, and the gateway is stopped under an open
stream. Then it takes everything down again, volumes included. It touches no other stack.
"""

import json
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from deploy.calls import ApiCaller, answered
from deploy.installation import Installation, free_port, require, tell
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
    "SHOP_DATABASE_PASSWORD",
    "SHOP_OWNER_PASSWORD",
    "FINANCE_DATABASE_PASSWORD",
    "FINANCE_OWNER_PASSWORD",
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
    "FINANCE_CLIENT_SECRET",
    "GATEWAY_CLIENT_SECRET",
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
    "FINANCE_S3_ENDPOINT": "S3-compatible storage for files; FINANCE_S3_REGION, where it has any",
    "FINANCE_S3_PUBLIC_URL": "the same as people reach it",
    "FINANCE_S3_BUCKET": "a bucket of it",
    "FINANCE_S3_ACCESS_KEY": "a key that may read, write and delete there",
    "FINANCE_S3_SECRET_KEY": "its secret",
    "PAYMENTS_PROVIDER": "stripe (then _STRIPE_KEY, _STRIPE_WEBHOOK_SECRET) or yookassa",
}
# Docker gives networks addresses out of these: there nginx is found, and whoever else is in front.
BRIDGES = '["172.16.0.0/12","192.168.0.0/16"]'
PROJECT = "saldo-production-check"
KILLED = 137  # what Compose leaves where a container did not end in its stop_grace_period
CUTS = 5
PAYER, PAYEE = "alice", "bob"
DATA = "/var/lib/postgresql/data"


def environment() -> str:
    """Return a `.env` for production: fresh secrets, and what is to be filled in."""
    made = [f"{name}={secrets.token_hex(24)}" for name in (*SECRETS, *PASSWORDS)]
    asked = [line for name, what in ASKED.items() for line in (f"# {what}", f"{name}=")]
    head = ["ENVIRONMENT=production", f"GATEWAY_TRUSTED_PROXIES={BRIDGES}"]
    return "\n".join([*head, "", *made, "", *asked]) + "\n"


@dataclass(frozen=True)
class Household:
    """Acts as two people of one installation, who come back after each change to it."""

    installation: Installation
    password: str

    def make(self) -> None:
        """Make both people, as an operator does."""
        for name in (PAYER, PAYEE):
            self.installation.user(name, self.password)

    def pay(self, amount: str, *balances: str) -> None:
        """Pay from one to the other, and compare what both have then."""
        with httpx.Client(base_url=self.installation.url, timeout=30) as http:
            payer, _ = people = self.people(http)
            status = payer.settled(payer.payment(PAYEE, amount, confirm=True)["id"])
            require(what=f"the payment is paid, not {status}", holds=status == "paid")
            self.have(people, *balances)

    def people(self, http: httpx.Client) -> tuple[ApiCaller, ApiCaller]:
        """Log both people in."""
        payer, payee = (ApiCaller.log_in(http, name, self.password) for name in (PAYER, PAYEE))
        return payer, payee

    def have(self, people: tuple[ApiCaller, ApiCaller], *balances: str) -> None:
        """Compare the balances of both."""
        seen = tuple(one.balance() for one in people)
        require(what=f"the balances are {balances}, not {seen}", holds=seen == balances)


def check() -> None:
    """Check all of it; SystemExit says what was wrong."""
    installation = Installation(PROJECT, ROOT, _variables())
    with installation.on_the_side():
        _cut_short(installation)
        installation.up()
        found = installation.containers()
        require(what="the sandbox is not there", holds="sandbox" not in found)
        tell(f"up in production at {installation.url}, without the sandbox")
        household = Household(installation, secrets.token_hex(12))
        _begin(household)
        household.pay("150.00", "850.00", "150.00")
        _through_nginx(household)
        tell("a bank's credit came in, 150.00 RUB were paid, the balances are right")
        _go_and_come(household)
        changed = _with_other_passwords(household)
        _stop_under_a_stream(changed)
    tell("production starts, pays, comes back and stops")


def _variables() -> dict[str, str]:
    lines = [line.partition("=") for line in environment().splitlines() if line[:1].isalpha()]
    random = secrets.token_hex(16)
    return {name: value for name, _, value in lines if value} | {
        "PUBLISHED_PORT": free_port(),
        "RABBITMQ_PAGES_PORT": free_port(),
        "COMPOSE_PROFILES": "edge",
        "EDGE_HTTP_PORT": free_port(),
        "EDGE_HTTPS_PORT": free_port(),
        "AUTH_PUBLIC_URL": "https://pay.saldo.test",
        "AUTH_ACTIVATION_DELIVERY": "email",
        "NOTIFICATIONS_MAIL_FROM": "Saldo <no-reply@saldo.test>",
        "NOTIFICATIONS_SMTP_HOST": "mail.saldo.test",
        "PAYMENTS_VERIFIER_ONE_URL": "https://one.saldo.test/verify",
        "PAYMENTS_VERIFIER_TWO_URL": "https://two.saldo.test/verify",
        "FINANCE_S3_ENDPOINT": "https://s3.saldo.test",
        "FINANCE_S3_PUBLIC_URL": "https://s3.saldo.test",
        "FINANCE_S3_BUCKET": "saldo",
        "FINANCE_S3_ACCESS_KEY": "saldo",
        "FINANCE_S3_SECRET_KEY": random,
        "PAYMENTS_PROVIDER": "stripe",
        "PAYMENTS_STRIPE_KEY": f"sk_live_{random}",
        "PAYMENTS_STRIPE_WEBHOOK_SECRET": f"whsec_{random}",
    }


def _cut_short(installation: Installation) -> None:
    """Kill PostgreSQL while it sets a new volume up."""
    for _ in range(CUTS):
        installation.compose("up", "--detach", "--quiet-pull", "postgres")
        begun = ("exec", "-T", "postgres", "test", "-e", f"{DATA}/PG_VERSION")
        while not installation.succeeds(*begun):
            time.sleep(0.01)
        installation.compose("kill", "postgres")
        look = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "grep", "postgres")
        if not installation.succeeds(*look, "-qs", "^host all all all ", f"{DATA}/pg_hba.conf"):
            tell("the first start was cut short")
            return
        installation.down(volumes=True)
    raise SystemExit(f"the set-up of PostgreSQL was over before it could be cut, {CUTS} times")


def _begin(household: Household) -> None:
    """Make both people, and have one's bank send 1,000.00."""
    household.make()
    installation = household.installation
    logged = installation.compose("logs", "--no-log-prefix", "postgres")
    require(what="PostgreSQL began anew", holds="was cut short: beginning anew" in logged)
    with httpx.Client(base_url=installation.url, timeout=30) as http:
        for path in ("/docs", "/openapi.json", "/sandbox/mail"):
            is_gone = http.get(path).status_code == httpx.codes.NOT_FOUND
            require(what=f"{path} is not there", holds=is_gone)
        payer, _ = household.people(http)
        made_up = {"amount": "1.00", "currency": "RUB"}
        free = http.post("/v1/wallets/top-up", json=made_up, headers=payer.headers)
        require(what="nobody tops up with made-up money", holds=free.is_client_error)
        secret = installation.variables["WALLET_BANK_SECRET"]
        _credit(http, secret, str(payer.wallet()["id"]))


def _through_nginx(household: Household) -> None:
    """Log in through nginx; that the gateway is up is seen there, its figures are not."""
    with httpx.Client(base_url=household.installation.edge_url, timeout=30) as http:
        household.have(household.people(http), "850.00", "150.00")
        is_gone = http.get("/metrics").status_code == httpx.codes.NOT_FOUND
        require(what="figures are not shown to the world", holds=is_gone)


def _go_and_come(household: Household) -> None:
    installation = household.installation
    installation.down()
    installation.up()
    household.pay("50.00", "800.00", "200.00")
    tell("down and up kept everything, and 50.00 RUB were paid")


def _with_other_passwords(household: Household) -> Household:
    """Change the password of every server and role under what was kept."""
    other = {name: secrets.token_hex(24) for name in PASSWORDS}
    changed = Household(household.installation.with_variables(**other), household.password)
    changed.installation.up()
    changed.pay("25.00", "775.00", "225.00")
    tell(f"all {len(other)} passwords were changed, and 25.00 RUB were paid")
    return changed


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
    answer = answered(http.post("/v1/wallets/webhooks/bank", content=body, headers=signed))
    require(what="the credit reaches the wallet", holds=answer["to"] == "wallet")


def _stop_under_a_stream(household: Household) -> None:
    """Stop the gateway while somebody listens.

    It ends by itself, the stream is whole, the log is clean.
    """
    installation = household.installation
    with httpx.Client(base_url=installation.url, timeout=60) as http:
        payer, _ = household.people(http)
        with http.stream("GET", "/v1/payments/events", headers=payer.headers) as stream:
            chunks = stream.iter_bytes()
            next(chunks)
            began = time.monotonic()
            installation.compose("stop", "gateway")
            took = time.monotonic() - began
            for _ in chunks:
                pass
    left = installation.containers()["gateway"]["ExitCode"]
    require(what=f"the gateway ends by itself, not with {left}", holds=left != KILLED)
    for line in installation.compose("logs", "--no-log-prefix", "gateway").splitlines():
        is_complaint = '"level":"error"' in line or "Traceback" in line
        require(what=f"the gateway logs no error, but {line}", holds=not is_complaint)
    tell(f"the gateway ended {took:.1f} s after SIGTERM, an open stream with it")


def main(words: Sequence[str]) -> None:
    """Print the file, or run the check."""
    if list(words) == ["env"]:
        print(environment(), end="")
    else:
        check()


if __name__ == "__main__":
    main(sys.argv[1:])
