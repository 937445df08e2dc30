"""A shop that asks payments by messages, and hears its answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import convert
from msgspec.structs import replace
from tests.integration.payments.cards import SHOP as THANKS
from tests.integration.payments.room import Room

from contracts.payments import (
    CardPageOpened,
    PaymentNotTaken,
    PaymentReturned,
    PaymentTaken,
    RefundMade,
    RefundNotMade,
    RefundPayment,
    ReturnPayment,
    TakePayment,
)
from contracts.wallet import SHOP
from kit.ids import new_id
from kit.messaging import cloudevents, topology
from kit.messaging.broker import Delivery, Publication
from kit.messaging.consumer import Consumer
from kit.messaging.messages import Command, Reply
from kit.runtime import consumers

ANSWERS = (
    CardPageOpened,
    PaymentNotTaken,
    PaymentReturned,
    PaymentTaken,
    RefundMade,
    RefundNotMade,
)
CARD = {"method": "card", "return_url": THANKS}


def taking(payer: UUID, amount: int = 1000, **changes: Any) -> TakePayment:
    """Return a command to take a payment for the shop."""
    known = {
        "command_id": new_id(),
        "payment_id": new_id(),
        "payer_id": payer,
        "payee_id": SHOP,
        "amount_minor": amount,
        "currency": "RUB",
        "reference": str(new_id()),
        "description": "Order 7",
    }
    return convert(known | changes, TakePayment)


def returning(payment_id: UUID) -> ReturnPayment:
    """Return a command to take a payment back."""
    return ReturnPayment(command_id=new_id(), payment_id=payment_id)


def refunding(payment_id: UUID, amount: int, **changes: Any) -> RefundPayment:
    """Return a command to refund a part of a payment."""
    command = RefundPayment(
        command_id=new_id(), refund_id=new_id(), payment_id=payment_id, amount_minor=amount
    )
    return replace(command, **changes)


@dataclass
class Shop:
    """Another service, as payments sees it."""

    room: Room

    def __post_init__(self) -> None:
        self.room.pump.broker.declare(
            topology.of_service("shop", commands=0, replies=True, event_types=())
        )

    def send(self, *commands: Command, reply_to: str | None = "shop") -> None:
        """Let commands arrive, in one message."""
        self.room.pump.broker.put("payments.commands", self._packed(commands, reply_to))

    async def at_once(self, *batches: Sequence[Command]) -> None:
        """Let as many workers handle batches of commands at the same time."""
        workers = [
            next(one for one in consumers(self.room.service, self.room.pump.broker) if _is_for(one))
            for _ in batches
        ]
        await asyncio.gather(
            *(
                worker.handle([_delivered(self._packed(batch))])
                for worker, batch in zip(workers, batches, strict=True)
            )
        )

    def _packed(self, commands: Sequence[Command], reply_to: str | None = "shop") -> Publication:
        bodies = [
            cloudevents.encode(
                command,
                source="shop",
                subject=str(_asker(command)),
                time=self.room.clock.now(),
                reply_to=reply_to,
            )[1]
            for command in commands
        ]
        body = cloudevents.pack(bodies)
        return Publication("", "", body, cloudevents.BATCH, mandatory=False)

    async def asks(self, *commands: Command) -> list[Reply]:
        """Let commands arrive and all follow from them; return what was answered meanwhile."""
        before = len(self.answers)
        self.send(*commands)
        await self.room.settle()
        return self.answers[before:]

    async def takes(self, payer: UUID, amount: int = 1000, **changes: Any) -> UUID:
        """Take a payment, and all that follows; return its id."""
        command = taking(payer, amount, **changes)
        await self.asks(command)
        return command.payment_id

    @property
    def answers(self) -> list[Reply]:
        """All answers so far, in order."""
        found = []
        for envelope in self.room.published(*ANSWERS):
            assert isinstance(envelope.message, Reply)
            found.append(envelope.message)
        return found

    def codes(self, answers: Sequence[Reply]) -> list[str]:
        """Return the codes of refusing answers; of others their kinds."""
        return [getattr(answer, "code", type(answer).__name__) for answer in answers]


def _is_for(consumer: Consumer) -> bool:
    return consumer.queue == "payments.commands"


def _delivered(publication: Publication) -> Delivery:
    return Delivery(1, "payments", publication.body, publication.content_type, attempts=0)


def _asker(command: Command) -> UUID:
    """Return the shop's saga that asks: the payment's id names it."""
    found: UUID = command.payment_id  # type: ignore[attr-defined]
    return found
