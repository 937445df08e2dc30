"""Declares all exchanges and queues: who publishes where, and who reads what.

| exchange           | kind    | routing key    | reaches                                          |
|--------------------|---------|----------------|--------------------------------------------------|
| `saldo.commands`   | direct  | owner service¹ | `<service>.commands`; returned if there is none  |
| `saldo.replies`    | direct  | asking service | `<service>.replies`; returned if there is none   |
| `<service>.events` | topic   | message type   | `<listener>.events`, else `saldo.unrouted`       |
| `saldo.unrouted`   | fanout  | (any)          | `saldo.unrouted`, the last 10,000                |
| `saldo.dead`       | direct  | queue's name   | `<service>.dead`: what the broker gave up on     |

¹ and with `.1` to the last partition, where commands are shared out: see kit.messaging.partitions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kit.messaging.partitions import command_key, command_queue

COMMANDS = "saldo.commands"
REPLIES = "saldo.replies"
DEAD = "saldo.dead"
UNROUTED = "saldo.unrouted"
UNROUTED_KEPT = 10_000
# Set here because versions differ (3.13 and before: none; 4.x: 20). Only a message that ends its
# process or its transaction again and again reaches it; it then becomes a dead letter.
DELIVERY_LIMIT = 20


@dataclass(frozen=True, slots=True)
class BrokerExchange:
    """A durable exchange to declare."""

    name: str
    kind: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue to declare, with its bindings as (exchange, routing key)."""

    name: str
    bindings: tuple[tuple[str, str], ...]
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topology:
    """Names what one service declares at start; declaring it again changes nothing."""

    exchanges: tuple[BrokerExchange, ...]
    queues: tuple[Queue, ...]


def working_queue(
    name: str,
    bindings: tuple[tuple[str, str], ...],
    *,
    dead: str = DEAD,
    delivery_limit: int = DELIVERY_LIMIT,
) -> Queue:
    """Return a quorum queue whose dead messages keep the name of the queue.

    It has one active consumer, the others stand by: a consumer that comes back before the broker
    has noticed its death would otherwise get later messages before earlier ones. So work is shared
    out by more queues, never by more consumers.
    """
    return Queue(
        name,
        bindings,
        {
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-delivery-limit": delivery_limit,
            "x-dead-letter-exchange": dead,
            "x-dead-letter-routing-key": name,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        },
    )


def shared() -> Topology:
    """Return the exchanges and queues that belong to no single service."""
    bounded = {"x-max-length": UNROUTED_KEPT, "x-overflow": "drop-head"}
    return Topology(
        exchanges=(
            BrokerExchange(COMMANDS, "direct"),
            BrokerExchange(REPLIES, "direct"),
            BrokerExchange(DEAD, "direct"),
            BrokerExchange(UNROUTED, "fanout"),
        ),
        queues=(Queue(UNROUTED, ((UNROUTED, ""),), bounded),),
    )


def of_service(
    service: str, *, commands: int, replies: bool, event_types: Iterable[str]
) -> Topology:
    """Return a service's own exchange and the queues it reads, so many of commands."""
    listened = sorted(set(event_types))
    producers = sorted({kind.partition(".")[0] for kind in listened} | {service})
    queues = []
    for partition in range(commands):
        binding = (COMMANDS, command_key(service, partition))
        queues.append(working_queue(command_queue(service, partition), (binding,)))
    if replies:
        queues.append(working_queue(f"{service}.replies", ((REPLIES, service),)))
    if listened:
        bindings = tuple((f"{kind.partition('.')[0]}.events", kind) for kind in listened)
        queues.append(working_queue(f"{service}.events", bindings))
    if queues:
        queues.append(_dead_queue(service, [queue.name for queue in queues]))
    return Topology(
        exchanges=tuple(
            BrokerExchange(f"{producer}.events", "topic", {"alternate-exchange": UNROUTED})
            for producer in producers
        ),
        queues=tuple(queues),
    )


def dead_queue_name(service: str) -> str:
    """Return the name of the queue of a service's dead messages."""
    return f"{service}.dead"


def _dead_queue(service: str, sources: Iterable[str]) -> Queue:
    # No limit of its own: a message that can't be collected must wait here, not vanish.
    return Queue(
        dead_queue_name(service),
        tuple((DEAD, source) for source in sources),
        {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1},
    )
