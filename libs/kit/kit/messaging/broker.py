"""Says what messaging asks of a broker: publish with confirms, take, acknowledge.

There are two implementations, kit.messaging.rabbit and the one in memory of testkit, and one
conformance suite for both.

    BrokerUnavailableError
    └── PublicationRefusedError
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class BrokerUnavailableError(Exception):
    """The connection or channel is gone, blocked or silent; another one is needed."""


class PublicationRefusedError(BrokerUnavailableError):
    """The broker closed the channel over a message: no such exchange, or too large.

    Which message of those published together it was is known only where there was one.
    """


@dataclass(frozen=True, slots=True)
class Publication:
    """One AMQP message to publish.

    Attributes:
        mandatory: Whether it is a failure that no queue takes it (commands and replies).
    """

    exchange: str
    routing_key: str
    body: bytes
    content_type: str
    mandatory: bool


class PublishOutcome(Enum):
    """Says what became of a publication."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"  # no queue is bound, or the broker refused it


@dataclass(frozen=True, slots=True)
class Delivery:
    """One AMQP message as received.

    Attributes:
        tag: Position on its subscription; acknowledging one acknowledges all before it.
        routing_key: The one it was published with; of a dead letter, the queue it died in.
        attempts: How often it was delivered before, 0 at first (``x-delivery-count``).
    """

    tag: int
    routing_key: str
    body: bytes
    content_type: str | None
    attempts: int


class Publisher(Protocol):
    """Publishes on a pinned channel, which is thrown away after any trouble."""

    async def publish(self, publications: Sequence[Publication]) -> list[PublishOutcome]:
        """Publish in order and wait for all confirms.

        Raises:
            BrokerUnavailableError: the outcome of every publication is then unknown.
        """

    async def close(self) -> None:
        """Close the channel."""


class Subscription(Protocol):
    """Consumes one queue on a pinned channel."""

    async def take(self, limit: int) -> list[Delivery]:
        """Wait for a delivery, then return all that have arrived, ``limit`` at most.

        Raises:
            BrokerUnavailableError: also when the broker cancelled the consumer.
        """

    async def ack_through(self, tag: int) -> None:
        """Acknowledge a delivery and all before it; raises BrokerUnavailableError."""

    async def close(self) -> None:
        """Close the channel; what was not acknowledged is delivered again."""


class Broker(Protocol):
    """Opens publishers and subscriptions."""

    async def publisher(self) -> Publisher:
        """Open a channel for publishing; raises BrokerUnavailableError."""

    async def subscribe(self, queue: str, *, prefetch: int) -> Subscription:
        """Open a channel that consumes a queue; raises BrokerUnavailableError."""

    async def returned(self) -> None:
        """Wait until anybody connects; whoever was refused before then tries again."""
