"""Simulates a broker in memory, with the rules of RabbitMQ that Saldo uses.

The faults come on demand.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kit.messaging import topology
from kit.messaging.broker import (
    BrokerUnavailableError,
    Delivery,
    Publication,
    PublicationRefusedError,
    PublishOutcome,
)


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message in a queue."""

    publication: Publication
    attempts: int = 0


class MemoryBroker:
    """Holds exchanges, bindings and queues in memory.

    Attributes:
        queues: What waits in each queue and is not with a subscription.
        published: Everything that was ever taken in, in order.
        on_publish: Called before a message is taken in; what it raises, publishing raises.
        on_confirm: Called after it was taken in; what it raises, publishing raises.
    """

    def __init__(self, declare: Sequence[topology.Topology] = ()) -> None:
        self.queues: dict[str, deque[QueuedMessage]] = {}
        self.published: list[Publication] = []
        self.on_publish: Callable[[Publication], None] = lambda _: None
        self.on_confirm: Callable[[Publication], None] = lambda _: None
        self._is_down = False
        self._back = asyncio.Event()
        self._declared: dict[str, topology.Queue] = {}
        self._exchanges: dict[str, topology.BrokerExchange] = {}
        self._bindings: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._publishers: list[MemoryPublisher] = []
        self._subscriptions: dict[str, list[MemorySubscription]] = defaultdict(list)
        self._declare = declare
        self._declare_all()

    def _declare_all(self) -> None:
        for part in self._declare:
            self.declare(part)

    def declare(self, part: topology.Topology) -> None:
        """Declare exchanges and queues; to declare them again changes nothing."""
        for exchange in part.exchanges:
            self._exchanges[exchange.name] = exchange
        for queue in part.queues:
            self._declared[queue.name] = queue
            self.queues.setdefault(queue.name, deque())
            for exchange_name, routing_key in queue.bindings:
                binding = (routing_key, queue.name)
                if binding not in self._bindings[exchange_name]:
                    self._bindings[exchange_name].append(binding)

    def delete_queue(self, name: str) -> None:
        """Remove a queue with its messages and bindings; its consumers are cancelled."""
        del self.queues[name], self._declared[name]
        for exchange, bindings in self._bindings.items():
            self._bindings[exchange] = [binding for binding in bindings if binding[1] != name]
        for subscription in self._subscriptions.pop(name, []):
            subscription.die()

    @property
    def is_down(self) -> bool:
        """Tell whether everything is refused."""
        return self._is_down

    @is_down.setter
    def is_down(self, is_down: bool) -> None:
        self._is_down = is_down
        if is_down:
            self.cut()
        else:
            self._back.set()
            self._back = asyncio.Event()

    def cut(self) -> None:
        """Cut every connection; what was not acknowledged waits to be delivered again."""
        for publisher in self._publishers:
            publisher.is_dead = True
        self._publishers.clear()
        for subscriptions in list(self._subscriptions.values()):
            for subscription in list(subscriptions):
                subscription.die()
                self.give_back(subscription)

    def route(self, publication: Publication) -> list[str]:
        """Return the queues that a publication reaches."""
        exchange = self._exchanges.get(publication.exchange)
        if exchange is None:
            raise PublicationRefusedError(f"no exchange {publication.exchange}")
        found = [
            queue
            for pattern, queue in self._bindings[exchange.name]
            if _matches(exchange.kind, pattern, publication.routing_key)
        ]
        alternate = exchange.arguments.get("alternate-exchange")
        if not found and alternate in self._exchanges:
            return self.route(replace(publication, exchange=alternate))
        return found

    def put(self, queue: str, publication: Publication, attempts: int = 0) -> None:
        """Place a message in a queue and give it to whoever has room for it."""
        self.queues[queue].append(QueuedMessage(publication, attempts))
        self.dispatch(queue)

    def dispatch(self, queue: str) -> None:
        """Give waiting messages to subscriptions with room, in turn, or to the active one."""
        waiting, subscriptions = self.queues.get(queue), self._subscriptions[queue]
        declared = self._declared.get(queue)
        if declared and declared.arguments.get("x-single-active-consumer"):
            while waiting and subscriptions and subscriptions[0].has_room:
                subscriptions[0].receive(waiting.popleft())
            return
        while waiting and (free := next((one for one in subscriptions if one.has_room), None)):
            subscriptions.remove(free)
            subscriptions.append(free)
            free.receive(waiting.popleft())

    async def publisher(self) -> "MemoryPublisher":
        """Open a publisher."""
        self.require_up()
        self._declare_all()
        made = MemoryPublisher(self)
        self._publishers.append(made)
        return made

    async def subscribe(self, queue: str, *, prefetch: int) -> "MemorySubscription":
        """Open a subscription."""
        self.require_up()
        self._declare_all()
        if queue not in self.queues:
            raise BrokerUnavailableError(f"no queue {queue}")
        made = MemorySubscription(self, queue, prefetch)
        self._subscriptions[queue].append(made)
        self.dispatch(queue)
        return made

    async def ping(self) -> None:
        """Raise while the broker is down."""
        self.require_up()

    async def returned(self) -> None:
        """Wait until it is up again."""
        await self._back.wait()

    def require_up(self) -> None:
        """Raise while the broker is down."""
        if self._is_down:
            raise BrokerUnavailableError("down")

    def give_back(self, subscription: "MemorySubscription") -> None:
        """Put back what a subscription holds, in order, with one more delivery counted."""
        if subscription in self._subscriptions[subscription.queue]:
            self._subscriptions[subscription.queue].remove(subscription)
        held = [
            QueuedMessage(one.publication, one.attempts + 1) for one in subscription.held.values()
        ]
        subscription.held.clear()
        declared = self._declared.get(subscription.queue)
        if declared is None:
            return
        limit = declared.arguments.get("x-delivery-limit")
        dead = [one for one in held if limit is not None and one.attempts > limit]
        back = [one for one in held if one not in dead]
        self.queues[subscription.queue].extendleft(reversed(back))
        for one in dead:
            self._bury(one.publication, declared)
        self.dispatch(subscription.queue)

    def _bury(self, publication: Publication, died_in: topology.Queue) -> None:
        exchange = died_in.arguments.get("x-dead-letter-exchange")
        key = died_in.arguments.get("x-dead-letter-routing-key", publication.routing_key)
        if exchange is not None:
            letter = replace(publication, exchange=exchange, routing_key=key)
            for queue in self.route(letter):
                self.put(queue, letter)


def _matches(kind: str, pattern: str, routing_key: str) -> bool:
    """Tell whether a binding matches a routing key.

    Of topic patterns only exact ones and ``#`` are known.
    """
    return kind == "fanout" or pattern == routing_key or (kind == "topic" and pattern == "#")


class MemoryPublisher:
    """Publishes into the broker's queues."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.is_dead = False
        self._broker = broker

    async def publish(self, publications: Sequence[Publication]) -> list[PublishOutcome]:
        """Route each message; mandatory ones that reach no queue are returned."""
        outcomes = []
        for publication in publications:
            await asyncio.sleep(0)
            if self.is_dead:
                raise BrokerUnavailableError("this publisher is closed")
            try:
                outcomes.append(self._publish(publication))
            except BrokerUnavailableError:
                self.is_dead = True
                raise
        return outcomes

    def _publish(self, publication: Publication) -> PublishOutcome:
        broker = self._broker
        broker.on_publish(publication)
        queues = broker.route(publication)
        for queue in queues:
            broker.put(queue, publication)
        broker.published.append(publication)
        broker.on_confirm(publication)
        return (
            PublishOutcome.RETURNED
            if publication.mandatory and not queues
            else PublishOutcome.CONFIRMED
        )

    async def close(self) -> None:
        """Close the channel."""
        self.is_dead = True


class MemorySubscription:
    """One consumer; deliveries are pushed to it up to its prefetch."""

    def __init__(self, broker: MemoryBroker, queue: str, prefetch: int) -> None:
        self.queue = queue
        self.held: dict[int, QueuedMessage] = {}
        self._broker = broker
        self._prefetch = prefetch
        self._arrived: deque[Delivery] = deque()
        self._news = asyncio.Event()
        self._is_dead = False
        self._last_tag = 0

    @property
    def has_room(self) -> bool:
        """Tell whether fewer messages than the prefetch are unacknowledged."""
        return len(self.held) < self._prefetch

    def receive(self, waiting: QueuedMessage) -> None:
        """Take a delivery in."""
        self._last_tag += 1
        self.held[self._last_tag] = waiting
        one = waiting.publication
        self._arrived.append(
            Delivery(self._last_tag, one.routing_key, one.body, one.content_type, waiting.attempts)
        )
        self._news.set()

    def die(self) -> None:
        """End as cancelled or cut off: nothing can be taken or acknowledged any more."""
        self._is_dead = True
        self._news.set()

    async def take(self, limit: int) -> list[Delivery]:
        """Wait for a message, then return what is there."""
        await asyncio.sleep(0)
        self._require_alive()
        while not self._arrived:
            self._news.clear()
            await self._news.wait()
            self._require_alive()
        return [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]

    async def ack_through(self, tag: int) -> None:
        """Forget a delivery and all before it."""
        await asyncio.sleep(0)
        self._require_alive()
        for known in [known for known in self.held if known <= tag]:
            del self.held[known]
        self._broker.dispatch(self.queue)

    def _require_alive(self) -> None:
        if self._is_dead:
            raise BrokerUnavailableError(f"the consumer of {self.queue} is gone")

    async def close(self) -> None:
        """Close the channel; what was not acknowledged is delivered again."""
        self.die()
        self._broker.give_back(self)
