"""What the card desk says before there is a provider, and after."""

import httpx
import pytest

from kit.wake_up import WakeUp
from payments.providers.sandbox import SandboxProvider
from payments.service.cards.desk import CardDesk


async def test_it_says_nothing_before_the_provider_is_open() -> None:
    desk = CardDesk(WakeUp(), most_open=3)
    with pytest.raises(RuntimeError, match="not open yet"):
        desk.card("https://shop.example", None)
    async with httpx.AsyncClient() as client:
        desk.open(SandboxProvider(client, "http://sandbox.test", "secret"))
    card = desk.card("https://shop.example", None)
    assert (card.provider, card.most_open) == ("sandbox", 3)
    assert desk.refund_rule.provider == "sandbox"
