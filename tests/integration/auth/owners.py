"""Payments and wallet as auth meets them when somebody is deleted: they say what they are told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import respx

Json = dict[str, Any]


def in_the_way(code: str, pointer: str) -> httpx.Response:
    """Return a refusal that names one thing."""
    fault = {"pointer": pointer, "code": "balance", "detail": f"{pointer} is in the way."}
    return httpx.Response(409, json={"code": code, "errors": [fault]})


@dataclass
class Owners:
    """The two services.

    Attributes:
        closed: Who is closed where; `open_again` counts the reopenings.
        refusing: Service → what it answers to closing.
        on_close: Called at each closing; likewise `before_answer`, which may take its time.
    """

    closed: dict[str, set[str]] = field(
        default_factory=lambda: {"payments": set(), "wallet": set()}
    )
    refusing: dict[str, httpx.Response] = field(default_factory=dict)
    reopened: int = 0
    is_away: bool = False
    tokens: list[str] = field(default_factory=list)
    on_close: Callable[[str], None] = lambda _: None
    before_answer: Callable[[], Awaitable[None]] | None = None

    def listen(self, router: respx.MockRouter) -> None:
        for service, port in (("payments", 8103), ("wallet", 8102)):
            url = rf"http://127\.0\.0\.1:{port}/internal/owners/(?P<owner>[^/]+)/(?P<verb>\w+)"
            router.post(url__regex=url).mock(side_effect=self._answering(service))

    def _answering(self, service: str) -> Callable[..., Awaitable[httpx.Response]]:
        async def answer(request: httpx.Request, owner: str, verb: str) -> httpx.Response:
            self.tokens.append(request.headers["authorization"].removeprefix("Bearer "))
            if self.is_away:
                raise httpx.ConnectError("away")
            if verb == "reopen":
                self.reopened += 1
                self.closed[service].discard(owner)
                return httpx.Response(204)
            self.on_close(service)
            if self.before_answer is not None:
                await self.before_answer()
            if service in self.refusing:
                return self.refusing[service]
            self.closed[service].add(owner)
            return httpx.Response(204)

        return answer
