"""Reads how a service reaches RabbitMQ, and which of its workers this process is."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from kit.messaging.partitions import MOST_PARTITIONS
from kit.settings import EnvironmentSettings, development_url, setting, variable


class BrokerSettings(EnvironmentSettings):
    """Says how the service reaches RabbitMQ."""

    rabbitmq_url: str = development_url(
        "amqp://guest:guest@127.0.0.1:5672/",
        "The broker that carries commands, replies and events.",
        shared="RABBITMQ_URL",
    )
    command_partitions: dict[str, Annotated[int, Field(ge=1, le=MOST_PARTITIONS)]] = setting(
        {},
        "In how many queues the commands to a service wait, where that is not one: the same for"
        ' all services, as `{"wallet": 4}`. More are made at the next start; before there are'
        " fewer, those that go must be empty.",
        shared="COMMAND_PARTITIONS",
    )
    worker: str = setting(
        "1/1",
        "Which of how many workers of the service this is, as `2/4`: each reads its part of the"
        " queues of commands, and those of a worker that is away.",
        pattern=r"^[1-9][0-9]?/[1-9][0-9]?$",
    )

    @property
    def worker_place(self) -> tuple[int, int]:
        """Return which worker this is, and of how many."""
        number, _, count = self.worker.partition("/")
        return int(number), int(count)

    @model_validator(mode="after")
    def _refuse_a_worker_beyond_the_last(self) -> Self:
        number, count = self.worker_place
        if number > count:
            raise ValueError(f"{variable(type(self), 'worker')} is {number} of only {count}")
        return self
