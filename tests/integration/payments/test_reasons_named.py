"""Whoever is told why not is told of the right side, also where it changes while they ask."""

from uuid import UUID

import pytest
from tests.integration.payments.room import Room
from tests.integration.payments.test_refunding import paid, refund
from tests.integration.payments.test_rules_at_payment import told

from kit.tasks import spawn
from testkit.conditions import until, waits


@pytest.mark.parametrize(
    ("code", "label", "other"),
    [
        (
            "insufficient_funds",
            "Not enough money in the payee's wallet",
            "В кошельке получателя недостаточно денег",
        ),
        ("wallet_frozen", "The payee's wallet is frozen", "Кошелёк получателя заморожен"),
        (
            "balance_limit",
            "The payer's wallet cannot hold that much more",
            "Кошелёк плательщика не вмещает такой суммы",
        ),
    ],
)
async def test_a_refund_names_the_wallet_that_stood_in_its_way(  # noqa: PLR0913 - a case
    room: Room, alice: UUID, bob: UUID, *, code: str, label: str, other: str
) -> None:
    payment_id = await paid(room, alice, bob)
    room.wallet.refuses = lambda _: code
    answer = await refund(room, bob, payment_id)
    assert answer.status_code == 409
    if code != "insufficient_funds":
        assert label in answer.json()["detail"]
    path = f"/v1/payments/{payment_id}"
    [item] = (await room.get(bob, f"{path}/refunds")).json()["items"]
    assert (item["failure_reason"], item["reason_label"]) == (code, label)
    russian = await room.ask(bob, "GET", f"{path}/refunds", headers={"Accept-Language": "ru"})
    assert russian.json()["items"][0]["reason_label"] == other


@pytest.mark.parametrize("who", ["payee", "payer"])
async def test_nobody_is_blamed_who_is_active_again_when_it_is_looked_for(
    room: Room, alice: UUID, bob: UUID, who: str
) -> None:
    payment_id = await room.create(alice, bob)
    user_id, name = (bob, "bob") if who == "payee" else (alice, "alice")
    await told(room, user_id, name, "disabled", 2)
    async with room.database.unit_of_work() as uow:
        await uow.execute("SELECT FROM payment WHERE id = $1 FOR UPDATE", payment_id)
        paying = spawn(room.pay(alice, payment_id), "paying")
        await until(waits(room.database))
        # The claim has seen the switch off; by the time that the reason is looked for it is on.
        await told(room, user_id, name, "active", 3)
    answer = await paying
    assert (answer.status_code, answer.json().get("code")) == (202, None)
