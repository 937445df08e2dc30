"""Tells the main job on a running stack, call by call, and checks every figure.

It is the stack of this clone, whatever port it is on, or the one of ``make up``, or at SALDO_URL.
Exit code 0 only where each figure was right.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from decimal import Decimal
from secrets import token_hex
from typing import Any

import httpx

from deploy.stack import compose
from deploy.stack.commands import own_stack

PASSWORD = "demo-password-1"  # noqa: S105 - made up for two people made up
FINAL = {"paid", "failed", "cancelled"}
SETTLES_WITHIN_SECONDS = 30
BOLD, DIM, GREEN, RED, END = (
    ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m")
    if sys.stdout.isatty()
    else ("", "", "", "", "")
)


@dataclass
class Story:
    """Makes calls, shows them, and keeps count of the figures."""

    http: httpx.Client
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """Print a heading."""
        print(f"\n{BOLD}{text}{END}")

    def call(  # noqa: PLR0913 - each is one part of a call
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        token: str | None = None,
        show: tuple[str, ...] = (),
        quiet: bool = False,
    ) -> httpx.Response:
        """Make one call and print it with the answer's named fields."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.http.request(method, path, json=body, headers=headers)
        if not quiet:
            sent = f" {_brief(body)}" if body else ""
            print(f"  {method} {path}{DIM}{sent}{END}")
            print(f"    {answer.status_code} {DIM}{_chosen(answer, show)}{END}")
        return answer

    def expect(self, what: str, seen: object, wanted: object) -> None:
        """Compare one figure."""
        if seen == wanted:
            self.right += 1
            print(f"  {GREEN}✓{END} {what}: {seen}")
        else:
            self.wrong.append(f"{what}: {seen}, not {wanted}")
            print(f"  {RED}✗ {what}: {seen}, not {wanted}{END}")


@dataclass
class Hero:
    """Acts as one of the two people."""

    story: Story
    username: str
    token: str = ""

    def enter(self) -> None:
        """Register, activate, log in."""
        call = self.story.call
        registered = call(
            "POST",
            "/v1/auth/register",
            {"username": self.username, "password": PASSWORD},
            show=("user.id", "user.status"),
        )
        self.story.expect(f"{self.username} is registered", registered.status_code, 201)
        token = registered.json()["activation"]["token"]
        activated = call("POST", "/v1/auth/activate", {"token": token}, show=("user.status",))
        self.story.expect(f"{self.username} is active", activated.status_code, 200)
        login = {"username": self.username, "password": PASSWORD}
        entered = call("POST", "/v1/auth/login", login, show=("token_type", "expires_in"))
        self.token = entered.json()["access_token"]

    def figures(self) -> dict[str, Any]:
        """Return balance and held amount of the RUB wallet."""
        answer = self.story.call(
            "GET",
            "/v1/wallets/me?currency=RUB",
            token=self.token,
            show=("balance.amount", "held.amount", "available.amount"),
        )
        found: dict[str, Any] = answer.json()
        return found

    def has(self, balance: str) -> None:
        """Expect a balance with nothing held."""
        wallet = self.figures()
        self.story.expect(f"{self.username}'s balance", wallet["balance"]["amount"], balance)
        self.story.expect(f"{self.username}'s held amount", wallet["held"]["amount"], "0.00")

    def history(self, amounts: list[str]) -> None:
        """Expect the wallet's entries, newest first."""
        wallet_id = self.figures()["id"]
        path = f"/v1/wallets/{wallet_id}/entries"
        answer = self.story.call("GET", path, token=self.token, show=("items.amount",))
        seen = [item["amount"] for item in answer.json()["items"]]
        self.story.expect(f"{self.username}'s entries", seen, amounts)

    def create(self, payee: "Hero", amount: str) -> str:
        """Create a payment with card digits and holder name."""
        body = {
            "payee": {"username": payee.username},
            "amount": amount,
            "currency": "RUB",
            "card_last4": "4242",
            "card_holder": "ALICE LIDDELL",
        }
        answer = self.story.call(
            "POST", "/v1/payments", body, token=self.token, show=("id", "status", "status_label")
        )
        self.story.expect("the payment is", answer.json().get("status"), "created")
        return str(answer.json()["id"])

    def pay(self, payment_id: str) -> dict[str, Any]:
        """Pay, then watch until the end."""
        self.story.call(
            "POST", f"/v1/payments/{payment_id}/pay", token=self.token, show=("status",)
        )
        path, until = f"/v1/payments/{payment_id}", time.monotonic() + SETTLES_WITHIN_SECONDS
        while True:
            answer = self.story.call("GET", path, token=self.token, quiet=True)
            if answer.json()["status"] in FINAL or time.monotonic() > until:
                break
            time.sleep(0.02)
        print(f"  GET {path}")
        print(f"    {answer.status_code} {DIM}{_chosen(answer, ('status', 'status_label'))}{END}")
        found: dict[str, Any] = answer.json()
        return found


def main() -> int:
    """Tell the story, after starting a stack where none is up; return the exit code."""
    url = _running()
    if url is None:
        start = [sys.executable, "-m", "deploy.stack", "run", "--detach"]
        code = subprocess.run(start, check=False).returncode
        url = _running()
        if code != 0 or url is None:
            return code or 1
    with httpx.Client(base_url=url, timeout=30) as http:
        story = Story(http)
        try:
            tell(story)
        except (httpx.HTTPError, KeyError, ValueError) as error:
            story.wrong.append(f"the story broke off: {error!r}")
    total = story.right + len(story.wrong)
    print(f"\n{BOLD}{story.right} of {total} figures right{END}")
    for line in story.wrong:
        print(f"{RED}wrong: {line}{END}")
    return 1 if story.wrong else 0


def _running() -> str | None:
    """Return where a stack is: the named one, the one here, or in Compose.

    None where none runs.
    """
    named = os.environ.get("SALDO_URL")
    if named:
        return named
    stack = own_stack()
    return stack.gateway_url if stack.is_ready() else compose.gateway_url()


def tell(story: Story) -> None:
    """Let alice pay bob 150.00, take a second payment back, and fail at a third."""
    suffix = token_hex(3)
    alice, bob = Hero(story, f"alice-{suffix}"), Hero(story, f"bob-{suffix}")
    story.tell("1. Two people")
    alice.enter()
    bob.enter()
    story.tell("2. alice tops up by 1000.00 RUB")
    topped = {"amount": "1000.00", "currency": "RUB"}
    shown = ("transfer_id", "wallet.balance.amount")
    answer = story.call("POST", "/v1/wallets/top-up", topped, token=alice.token, show=shown)
    story.expect("the top-up is done", answer.status_code, 201)
    story.tell("3. Balances and histories before")
    alice.has("1000.00")
    alice.history(["1000.00"])
    bob.has("0.00")
    bob.history([])
    story.tell("4. alice pays bob 150.00")
    first = alice.create(bob, "150.00")
    story.expect("the payment ends", alice.pay(first)["status"], "paid")
    story.tell("5. alice creates another and cancels it")
    second = alice.create(bob, "70.00")
    path = f"/v1/payments/{second}/cancel"
    cancelled = story.call("POST", path, token=alice.token, show=("status", "status_label"))
    story.expect("the payment is", cancelled.json().get("status"), "cancelled")
    story.tell("6. A payment larger than the balance fails, and nothing moves")
    third = alice.create(bob, "5000.00")
    failed = alice.pay(third)
    story.expect("the payment ends", failed["status"], "failed")
    story.expect("because of", failed.get("failure_reason"), "insufficient_funds")
    story.tell("7. Balances and histories after")
    alice.has("850.00")
    alice.history(["-150.00", "1000.00"])
    bob.has("150.00")
    bob.history(["150.00"])
    listed = story.call("GET", "/v1/payments", token=alice.token, show=("items.status",))
    statuses = [item["status"] for item in listed.json()["items"]]
    story.expect("alice's payments", statuses, ["failed", "cancelled", "paid"])
    received = story.call("GET", "/v1/payments?direction=in", token=bob.token, quiet=True)
    total = sum(Decimal(one["amount"]) for one in received.json()["items"] if _is_paid(one))
    story.expect("bob was paid", str(total), "150.00")


def _is_paid(payment: dict[str, Any]) -> bool:
    return bool(payment["status"] == "paid")


def _brief(body: dict[str, Any]) -> str:
    hidden = {"password", "token"}
    shown = {key: "…" if key in hidden else value for key, value in body.items()}
    return ", ".join(f"{key}={value}" for key, value in shown.items())


def _chosen(answer: httpx.Response, paths: tuple[str, ...]) -> str:
    body = answer.json()
    if answer.is_error:
        return f"{body.get('code')}: {body.get('detail')}"
    return ", ".join(f"{path}={_at(body, path.split('.'))}" for path in paths)


def _at(value: Any, path: list[str]) -> Any:
    for name in path:
        if isinstance(value, list):
            value = [_at(item, [name]) for item in value]
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


if __name__ == "__main__":
    sys.exit(main())
