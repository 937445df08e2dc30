"""What the messaging core relies on, of any broker: the same tests in memory and on RabbitMQ."""

import asyncio
from collections.abc import Sequence

import pytest

from kit.messaging.broker import (
    BrokerUnavailableError,
    Delivery,
    Publication,
    PublicationRefusedError,
    PublishOutcome,
    Subscription,
)

from .conftest import Rig

WITHIN = 10


def one(rig: Rig, text: str, *, key: str = "one", mandatory: bool = True) -> Publication:
    return Publication(rig.names.direct, key, text.encode(), "text/plain", mandatory)


async def publish(rig: Rig, *publications: Publication) -> list[PublishOutcome]:
    publisher = await rig.broker.publisher()
    try:
        return await publisher.publish(publications)
    finally:
        await publisher.close()


async def take(subscription: Subscription, count: int, limit: int = 100) -> list[Delivery]:
    """Take until so many have come; fails after a while."""
    taken: list[Delivery] = []
    async with asyncio.timeout(WITHIN):
        while len(taken) < count:
            taken += await subscription.take(limit)
    return taken


def texts(deliveries: Sequence[Delivery]) -> list[str]:
    return [delivery.body.decode() for delivery in deliveries]


async def test_a_window_is_confirmed_and_arrives_in_its_order(rig: Rig) -> None:
    words = [f"{n:03}" for n in range(300)]
    outcomes = await publish(rig, *(one(rig, word) for word in words))
    assert outcomes == [PublishOutcome.CONFIRMED] * len(words)
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=300)
    taken = await take(subscription, len(words))
    assert texts(taken) == words
    assert [delivery.tag for delivery in taken] == sorted(delivery.tag for delivery in taken)
    assert {(d.routing_key, d.content_type, d.attempts) for d in taken} == {
        ("one", "text/plain", 0)
    }
    await subscription.close()


async def test_windows_of_one_publisher_keep_their_order(rig: Rig) -> None:
    publisher = await rig.broker.publisher()
    for n in range(20):
        await publisher.publish([one(rig, f"{n}a"), one(rig, f"{n}b")])
    await publisher.close()
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=100)
    assert texts(await take(subscription, 40)) == [f"{n}{x}" for n in range(20) for x in "ab"]
    await subscription.close()


async def test_only_the_mandatory_message_that_no_queue_takes_is_returned(rig: Rig) -> None:
    outcomes = await publish(
        rig,
        one(rig, "first"),
        one(rig, "nobody's", key="nobody"),
        one(rig, "dropped", key="nobody", mandatory=False),
        one(rig, "last"),
    )
    assert outcomes == [
        PublishOutcome.CONFIRMED,
        PublishOutcome.RETURNED,
        PublishOutcome.CONFIRMED,
        PublishOutcome.CONFIRMED,
    ]
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    assert texts(await take(subscription, 2)) == ["first", "last"]
    await subscription.close()


async def test_an_event_that_nobody_listens_to_goes_to_the_alternate_exchange(rig: Rig) -> None:
    heard = Publication(rig.names.topic, "told", b"heard", "text/plain", mandatory=False)
    unheard = Publication(rig.names.topic, "untold", b"unheard", "text/plain", mandatory=False)
    assert await publish(rig, heard, unheard) == [
        PublishOutcome.CONFIRMED,
        PublishOutcome.CONFIRMED,
    ]
    for queue, expected in ((rig.names.queue, "heard"), (rig.names.unrouted, "unheard")):
        subscription = await rig.broker.subscribe(queue, prefetch=10)
        assert texts(await take(subscription, 1)) == [expected]
        await subscription.close()


async def test_an_unknown_exchange_is_a_refusal_and_a_new_publisher_works(rig: Rig) -> None:
    publisher = await rig.broker.publisher()
    lost = Publication("no-such-exchange", "one", b"lost", "text/plain", mandatory=True)
    with pytest.raises(PublicationRefusedError):
        await publisher.publish([one(rig, "before"), lost, one(rig, "after")])
    with pytest.raises(BrokerUnavailableError):
        await publisher.publish([one(rig, "too late")])
    await publisher.close()
    assert await publish(rig, one(rig, "again")) == [PublishOutcome.CONFIRMED]


async def test_take_waits_for_a_message_and_for_no_more(rig: Rig) -> None:
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    taking = asyncio.gather(subscription.take(10))
    await asyncio.sleep(0)
    assert not taking.done()
    await publish(rig, one(rig, "alone"))
    async with asyncio.timeout(WITHIN):
        ((delivery,),) = await taking
    assert delivery.body == b"alone"
    await subscription.close()


async def test_take_returns_no_more_than_its_limit(rig: Rig) -> None:
    await publish(rig, *(one(rig, str(n)) for n in range(7)))
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    taken: list[str] = []
    async with asyncio.timeout(WITHIN):
        while len(taken) < 7:
            some = await subscription.take(3)
            assert 1 <= len(some) <= 3
            taken += texts(some)
    assert taken == [str(n) for n in range(7)]
    await subscription.close()


async def test_no_more_than_the_prefetch_is_out_until_acknowledged(rig: Rig) -> None:
    await publish(rig, *(one(rig, str(n), key="two") for n in range(5)))
    narrow = await rig.broker.subscribe(rig.names.other, prefetch=2)
    first = await take(narrow, 2)
    assert texts(first) == ["0", "1"]
    wide = await rig.broker.subscribe(rig.names.other, prefetch=10)
    assert texts(await take(wide, 3)) == ["2", "3", "4"]  # so the narrow one got no more
    await narrow.ack_through(first[-1].tag)
    await publish(rig, one(rig, "5", key="two"), one(rig, "6", key="two"))
    assert set(texts(await take(narrow, 1) + await take(wide, 1))) == {"5", "6"}
    await narrow.close()
    await wide.close()


async def test_a_second_consumer_stands_by_until_the_first_has_gone(rig: Rig) -> None:
    await publish(rig, *(one(rig, str(n)) for n in range(6)))
    first = await rig.broker.subscribe(rig.names.queue, prefetch=3)
    assert texts(await take(first, 3)) == ["0", "1", "2"]
    second = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    taking = asyncio.gather(second.take(10))
    await publish(rig, one(rig, "6"))
    assert not taking.done()
    await first.close()
    async with asyncio.timeout(WITHIN):
        (taken,) = await taking
    taken += await take(second, 7 - len(taken)) if len(taken) < 7 else []
    assert [(d.body, d.attempts) for d in taken] == [
        (b"0", 1),
        (b"1", 1),
        (b"2", 1),
        *((str(n).encode(), 0) for n in range(3, 7)),
    ]
    await second.close()


async def test_an_acknowledgement_covers_all_before_it_and_nothing_after(rig: Rig) -> None:
    await publish(rig, *(one(rig, str(n)) for n in range(6)))
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    taken = await take(subscription, 6)
    await subscription.ack_through(taken[3].tag)
    await subscription.close()
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    assert texts(await take(subscription, 2)) == ["4", "5"]
    await subscription.close()


async def test_what_was_not_acknowledged_comes_again_in_order_and_counted(rig: Rig) -> None:
    await publish(rig, *(one(rig, str(n)) for n in range(4)))
    for attempt in range(3):
        subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
        taken = await take(subscription, 4)
        assert texts(taken) == ["0", "1", "2", "3"]
        assert {delivery.attempts for delivery in taken} == {attempt}
        await subscription.close()


async def test_only_what_was_out_counts_as_delivered(rig: Rig) -> None:
    await publish(rig, one(rig, "out"), one(rig, "waiting"))
    narrow = await rig.broker.subscribe(rig.names.queue, prefetch=1)
    await take(narrow, 1)
    await narrow.close()
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    taken = await take(subscription, 2)
    assert [(d.body, d.attempts) for d in taken] == [(b"out", 1), (b"waiting", 0)]
    await subscription.close()


async def test_a_message_given_back_too_often_is_buried_under_its_queues_name(rig: Rig) -> None:
    await publish(rig, one(rig, "killer"))
    for _ in range(4):  # the limit is 3
        subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
        await take(subscription, 1)
        await subscription.close()
    graves = await rig.broker.subscribe(rig.names.dead, prefetch=10)
    (buried,) = await take(graves, 1)
    assert (buried.body, buried.routing_key) == (b"killer", rig.names.queue)
    await graves.close()


async def test_a_consumer_that_the_broker_cancels_is_told(rig: Rig) -> None:
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    await publish(rig, one(rig, "first"))
    await take(subscription, 1)
    taking = asyncio.gather(subscription.take(10))
    await rig.delete_queue(rig.names.queue)
    with pytest.raises(BrokerUnavailableError):
        async with asyncio.timeout(WITHIN):
            await taking
    await subscription.close()


async def test_what_an_operator_deleted_is_declared_again_by_the_next_channel(rig: Rig) -> None:
    await publish(rig, one(rig, "before"))
    await rig.delete_queue(rig.names.queue)
    assert await publish(rig, one(rig, "after")) == [PublishOutcome.CONFIRMED]
    await rig.delete_queue(rig.names.queue)
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    assert await publish(rig, one(rig, "again")) == [PublishOutcome.CONFIRMED]
    assert texts(await take(subscription, 1)) == ["again"]
    await subscription.close()


async def test_a_cut_connection_is_told_and_new_channels_work(rig: Rig) -> None:
    await publish(rig, one(rig, "0"), one(rig, "1"))
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    publisher = await rig.broker.publisher()
    taken = await take(subscription, 2)
    taking = asyncio.gather(subscription.take(10))
    await rig.cut()
    with pytest.raises(BrokerUnavailableError):
        async with asyncio.timeout(WITHIN):
            await taking
    with pytest.raises(BrokerUnavailableError):
        await subscription.ack_through(taken[0].tag)
    with pytest.raises(BrokerUnavailableError):
        await publisher.publish([one(rig, "lost")])
    await subscription.close()
    await publisher.close()
    assert await publish(rig, one(rig, "2")) == [PublishOutcome.CONFIRMED]
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    taken = await take(subscription, 3)
    assert texts(taken) == ["0", "1", "2"]
    assert [delivery.attempts for delivery in taken] == [1, 1, 0]
    await subscription.close()


async def test_a_cut_in_the_middle_of_a_window_is_told(rig: Rig) -> None:
    publisher = await rig.broker.publisher()
    publishing = asyncio.gather(publisher.publish([one(rig, str(n)) for n in range(2000)]))
    for _ in range(20):
        await asyncio.sleep(0)
    await rig.cut()
    with pytest.raises(BrokerUnavailableError):
        async with asyncio.timeout(WITHIN):
            await publishing
    await publisher.close()
    assert await publish(rig, one(rig, "after")) == [PublishOutcome.CONFIRMED]


async def test_a_broker_out_of_reach_is_told_and_its_return_is_noticed(rig: Rig) -> None:
    with rig.away():
        await rig.cut()
        with pytest.raises(BrokerUnavailableError):
            await rig.broker.publisher()
        with pytest.raises(BrokerUnavailableError):
            await rig.broker.subscribe(rig.names.queue, prefetch=1)
    assert await publish(rig, one(rig, "back")) == [PublishOutcome.CONFIRMED]


async def test_cancelling_a_publish_and_a_take_is_a_cancellation(rig: Rig) -> None:
    publisher = await rig.broker.publisher()
    subscription = await rig.broker.subscribe(rig.names.other, prefetch=10)
    publishing = asyncio.gather(publisher.publish([one(rig, str(n)) for n in range(500)]))
    taking = asyncio.gather(subscription.take(1))
    await asyncio.sleep(0)
    publishing.cancel()
    taking.cancel()
    for cancelled in (publishing, taking):
        with pytest.raises(asyncio.CancelledError):
            await cancelled
    await publisher.close()
    await subscription.close()


async def test_a_closed_subscription_takes_nothing_more(rig: Rig) -> None:
    subscription = await rig.broker.subscribe(rig.names.queue, prefetch=10)
    await subscription.close()
    with pytest.raises(BrokerUnavailableError):
        await subscription.take(1)
    await subscription.close()
