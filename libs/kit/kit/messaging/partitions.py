"""Shares the commands to one service out over several queues, one worker to each.

A command goes by its partition key, or by its subject: what has the same key waits in one queue, in
its order. Partition 0 has the names that all commands have where there is only one queue.
"""

from typing import Final
from zlib import crc32

MOST_PARTITIONS: Final = 64


def partition_of(key: str, count: int) -> int:
    """Return the partition of a key, 0 up to `count` - 1; in every process the same."""
    return crc32(key.encode()) % count


def command_key(service: str, partition: int) -> str:
    """Return the routing key of a partition of the commands to a service."""
    return f"{service}.{partition}" if partition else service


def command_queue(service: str, partition: int) -> str:
    """Return the name of the queue of a partition of the commands to a service."""
    return f"{service}.commands.{partition}" if partition else f"{service}.commands"


def is_ones_own(partition: int, worker: int, workers: int) -> bool:
    """Tell whether a worker, 1 to `workers`, reads a partition while it is there."""
    return partition % workers == worker - 1
