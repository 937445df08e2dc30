"""What the messaging core asks of a broker: publish windows with confirms, take deliveries, ack.

Two implementations: kit.messaging.rabbit and the in-memory one of testkit; one conformance suite.

    BrokerUnavailableError
    └── PublicationRefusedError
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class BrokerUnavailableError(Exception):
    """The connection or channel is gone, blocked or silent; open a new one and go on."""


class PublicationRefusedError(BrokerUnavailableError):
    """The broker closed the channel over a message of the window: no such exchange, too large.

    Which message it was is not known, unless the window held only one.
    """


@dataclass(frozen=True, slots=True)
class Publication:
    """One AMQP message to publish.

    Attributes:
        mandatory: Whether being routed to no queue is a failure (commands and replies).
    """

    exchange: str
    routing_key: str
    body: bytes
    content_type: str
    mandatory: bool


class PublishOutcome(Enum):
    """What became of a publication."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"  # no queue is bound, or the broker refused it


@dataclass(frozen=True, slots=True)
class Delivery:
    """One AMQP message as received.

    Attributes:
        tag: Position on its subscription; acknowledging one acknowledges all before it.
        routing_key: What it was published with; of a dead letter, the queue it died in.
        attempts: How often it was delivered before, 0 at first (``x-delivery-count``).
    """

    tag: int
    routing_key: str
    body: bytes
    content_type: str | None
    attempts: int


class Publisher(Protocol):
    """A pinned channel; thrown away after any trouble."""

    async def publish(self, publications: Sequence[Publication]) -> list[PublishOutcome]:
        """Publish in order and wait for all confirms.

        Raises BrokerUnavailableError, and then nothing is known of any of them.
        """

    async def close(self) -> None:
        """Close the channel."""


class Subscription(Protocol):
    """A pinned channel with one consumer on one queue."""

    async def take(self, limit: int) -> list[Delivery]:
        """Wait for a delivery, then return what has arrived, at least 1, at most ``limit``.

        Raises BrokerUnavailableError, also when the broker cancelled the consumer.
        """

    async def ack_through(self, tag: int) -> None:
        """Acknowledge a delivery and all before it; raises BrokerUnavailableError."""

    async def close(self) -> None:
        """Close the channel; what was not acknowledged is delivered again."""


class Broker(Protocol):
    """A way to open publishers and subscriptions."""

    async def publisher(self) -> Publisher:
        """Open a channel for publishing; raises BrokerUnavailableError."""

    async def subscribe(self, queue: str, *, prefetch: int) -> Subscription:
        """Open a channel that consumes a queue; raises BrokerUnavailableError."""

    async def returned(self) -> None:
        """Wait until a connection is made, by whomever; who was refused before then tries again."""
