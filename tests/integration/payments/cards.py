"""A card provider that says its lines: what a test has it answer, and the webhooks it signs."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import respx
from tests.integration.payments.room import SANDBOX, Room

from kit import signatures
from kit.ids import new_id

PAYMENTS = f"{SANDBOX}/sandbox/provider/payments"
SHOP = "https://shop.example/thanks"
SECRET = "development-webhook-secret-of-the-sandbox"


@dataclass
class CardProvider:
    """The sandbox's card provider as payments sees it."""

    room: Room
    outside: respx.MockRouter
    status: str = "pending"
    down: bool = False
    no_refunds: bool = False
    repeats: str | None = None  # the id that it gives to everything
    says: dict[str, Any] = field(default_factory=dict)  # whatever else its answers say
    refunded: dict[str, str] = field(default_factory=dict)  # sum by idempotency key
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)
    created: dict[str, str] = field(default_factory=dict)  # charge id by idempotency key

    def __post_init__(self) -> None:
        self.outside.route(url__startswith=PAYMENTS).mock(side_effect=self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = str(request.url).removeprefix(PAYMENTS)
        self.seen.append((request.method, path, request.headers.get("idempotency-key")))
        if path == "" and not self.down:
            body = json.loads(request.content)
            self.created[request.headers["idempotency-key"]] = body["charge_id"]
        if self.down:
            raise httpx.ReadTimeout("nobody knows", request=request)
        if path.endswith("/refunds"):
            return self._refund(request)
        if path.endswith("/cancel") and self.status == "pending":
            self.status = "cancelled"
        name = path.split("/")[1] if path else self.name_of(body["charge_id"])
        return httpx.Response(200, json=self.payment(self.status, id=name) | self.says)

    def _refund(self, request: httpx.Request) -> httpx.Response:
        if self.no_refunds:
            return httpx.Response(400, json={})
        key, asked = request.headers["idempotency-key"], json.loads(request.content)
        assert key == f"{asked['refund_id']}:refund"
        sum_of_first = self.refunded.setdefault(key, asked["amount"])
        assert asked["amount"] == sum_of_first
        name = self.repeats or f"refund_{list(self.refunded).index(key) + 1}"
        return httpx.Response(201, json={"id": name, "status": "succeeded"} | self.says)

    def name_of(self, charge_id: UUID | str | None) -> str:
        """Return what it calls a charge: by the order in which they were created."""
        known = list(self.created.values())
        if self.repeats is not None:
            return self.repeats
        if charge_id is None:
            return "card_1"
        named = str(charge_id) in known
        return f"card_{known.index(str(charge_id)) + 1}" if named else f"card_{charge_id}"

    def payment(self, status: str, **more: Any) -> dict[str, Any]:
        name = more.pop("id", "card_1")
        return {"id": name, "status": status, "url": f"https://cards.test/{name}", **more}

    def asked(self, ending: str) -> int:
        """Count the calls whose path ends so."""
        return sum(path.endswith(ending) for _, path, _ in self.seen)

    async def tells(
        self, status: str, charge_id: UUID | None = None, *, event: str | None = None, **more: Any
    ) -> httpx.Response:
        """Send a signed webhook."""
        more.setdefault("id", self.name_of(charge_id))
        body = {
            "id": event or f"evt_{new_id().hex}",
            "type": more.pop("type", f"payment.{status}"),
            "payment": self.payment(status, **_named(charge_id), **more),
        }
        return await self.sends(json.dumps(body).encode())

    async def disputes(  # noqa: PLR0913 (one parameter for each thing it says)
        self,
        what: str,
        amount: str,
        charge_id: UUID | None = None,
        *,
        status: str = "needs_response",
        dispute: str = "dp_1",
        payment: str = "succeeded",
        **more: Any,
    ) -> httpx.Response:
        """Tell of a dispute: ``created``, ``funds_withdrawn``, ``funds_reinstated``, ``closed``."""
        said = {"id": dispute, "amount": amount, "currency": "RUB", "status": status}
        body = {
            "id": more.pop("event", f"evt_{new_id().hex}"),
            "type": f"dispute.{what}",
            "payment": self.payment(payment, id=self.name_of(charge_id), **_named(charge_id)),
            "dispute": {**said, "reason": "fraudulent", **more},
        }
        return await self.sends(json.dumps(body).encode())

    async def refunds(
        self,
        status: str,
        amount: str,
        charge_id: UUID | None = None,
        *,
        refund: str = "re_1",
        ours: UUID | str | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Tell of a refund: made at the provider, or ``ours``."""
        what = {"pending": "created", "succeeded": "updated", "failed": "failed"}[status]
        said = {"id": refund, "amount": amount, "currency": "RUB", "status": status}
        body = {
            "id": f"evt_{new_id().hex}",
            "type": f"refund.{what}",
            "payment": self.payment("succeeded", id=self.name_of(charge_id), **_named(charge_id)),
            "refund": {**said, "refund_id": None if ours is None else str(ours), **more},
        }
        return await self.sends(json.dumps(body).encode())

    async def sends(
        self,
        raw: bytes,
        *,
        secret: str = SECRET,
        age: float = 0,
        provider: str = "sandbox",
        heard: bool = True,
    ) -> httpx.Response:
        """Send a body, signed so long ago, and let it have its effect unless it is only kept."""
        at = self.room.clock.now().timestamp() - age
        moment = self.room.clock.now().fromtimestamp(at, tz=self.room.clock.now().tzinfo)
        answer = await self.room.http.post(
            f"/v1/payments/webhooks/{provider}",
            content=raw,
            headers={
                "Content-Type": "application/json",
                "Sandbox-Signature": signatures.sign(secret, raw, moment),
            },
        )
        if heard:
            await self.room.hear()
        return answer


def _named(charge_id: UUID | None) -> dict[str, str]:
    return {} if charge_id is None else {"charge_id": str(charge_id)}
