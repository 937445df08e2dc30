"""Calls a stack's API from a script; a refusal ends the script and is printed."""

import time
from dataclasses import dataclass
from typing import Any, Self

import httpx

SETTLES_WITHIN_SECONDS = 30
_UNDER_WAY = ("created", "processing")


def answered(answer: httpx.Response) -> dict[str, Any]:
    """Return the answer's JSON object; SystemExit where it is an error."""
    if answer.is_error:
        raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


@dataclass(frozen=True)
class ApiCaller:
    """Calls as somebody who is logged in; amounts are decimal strings in RUB."""

    http: httpx.Client
    headers: dict[str, str]

    @classmethod
    def log_in(cls, http: httpx.Client, username: str, password: str) -> Self:
        """Open a session."""
        body = {"username": username, "password": password}
        token = answered(http.post("/v1/auth/login", json=body))["access_token"]
        return cls(http, {"Authorization": f"Bearer {token}"})

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """GET, and return the answer."""
        return answered(self.http.get(path, params=query or None, headers=self.headers))

    def post(self, path: str, body: object = None, **headers: str) -> dict[str, Any]:
        """POST, and return the answer."""
        return answered(self.http.post(path, json=body, headers={**self.headers, **headers}))

    def wallet(self) -> dict[str, Any]:
        """Return the default wallet."""
        return self.get("/v1/wallets/me", currency="RUB")

    def balance(self) -> str:
        """Return what is in the default wallet."""
        return str(self.wallet()["balance"]["amount"])

    def payment(self, payee: str, amount: str, **more: object) -> dict[str, Any]:
        """Create a payment."""
        body = {"payee": {"username": payee}, "amount": amount, "currency": "RUB", **more}
        return self.post("/v1/payments", body)

    def settled(self, payment_id: str) -> str:
        """Wait until nothing is under way any more; return the payment's status then."""
        until = time.monotonic() + SETTLES_WITHIN_SECONDS
        status = "created"
        while status in _UNDER_WAY and time.monotonic() < until:
            time.sleep(0.1)
            status = self.get(f"/v1/payments/{payment_id}")["status"]
        return status
