"""What is declared at the broker, to the last argument: a queue that differs is refused there."""

from typing import Any

from kit.messaging.topology import (
    BrokerExchange,
    Queue,
    Topology,
    dead_queue_name,
    of_service,
    shared,
    working_queue,
)


def safe(name: str) -> dict[str, Any]:
    """Return the arguments of a queue whose messages are never lost."""
    return {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-delivery-limit": 20,
        "x-dead-letter-exchange": "saldo.dead",
        "x-dead-letter-routing-key": name,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def events_of(service: str) -> BrokerExchange:
    return BrokerExchange(f"{service}.events", "topic", {"alternate-exchange": "saldo.unrouted"})


def test_a_working_queue_is_safe_unless_it_is_told_otherwise() -> None:
    assert working_queue("q", (("e", "k"),)) == Queue("q", (("e", "k"),), safe("q"))
    other = working_queue("q", (), dead="grave", delivery_limit=3)
    assert other.arguments == safe("q") | {
        "x-dead-letter-exchange": "grave",
        "x-delivery-limit": 3,
    }


def test_what_belongs_to_no_service_is_declared_by_all() -> None:
    assert shared() == Topology(
        exchanges=(
            BrokerExchange("saldo.commands", "direct", {}),
            BrokerExchange("saldo.replies", "direct", {}),
            BrokerExchange("saldo.dead", "direct", {}),
            BrokerExchange("saldo.unrouted", "fanout", {}),
        ),
        queues=(
            Queue(
                "saldo.unrouted",
                (("saldo.unrouted", ""),),
                {"x-max-length": 10_000, "x-overflow": "drop-head"},
            ),
        ),
    )


def test_a_service_declares_its_own_exchange_its_queues_and_who_it_listens_to() -> None:
    listened = ["wallet.opened.v1", "auth.user.deleted.v1", "wallet.opened.v1"]
    made = of_service("shop", commands=1, replies=True, event_types=listened)
    assert made == Topology(
        exchanges=(events_of("auth"), events_of("shop"), events_of("wallet")),
        queues=(
            Queue("shop.commands", (("saldo.commands", "shop"),), safe("shop.commands")),
            Queue("shop.replies", (("saldo.replies", "shop"),), safe("shop.replies")),
            Queue(
                "shop.events",
                (("auth.events", "auth.user.deleted.v1"), ("wallet.events", "wallet.opened.v1")),
                safe("shop.events"),
            ),
            Queue(
                "shop.dead",
                (
                    ("saldo.dead", "shop.commands"),
                    ("saldo.dead", "shop.replies"),
                    ("saldo.dead", "shop.events"),
                ),
                {"x-queue-type": "quorum", "x-delivery-limit": 2_147_483_647},
            ),
        ),
    )


def test_who_reads_nothing_declares_no_queue() -> None:
    made = of_service("shop", commands=0, replies=False, event_types=[])
    assert made == Topology(exchanges=(events_of("shop"),), queues=())


def test_the_dead_of_a_service_have_one_queue() -> None:
    assert dead_queue_name("shop") == "shop.dead"
