"""Where a command waits, of several queues: always in the same, and who reads that."""

from uuid import UUID

import pytest
from pydantic_settings import SettingsConfigDict

from contracts.wallet import AccountRef, PlaceHold, Transfer
from kit.ids import new_id
from kit.messaging.messages import Command
from kit.messaging.outbox import address
from kit.messaging.partitions import command_key, command_queue, is_ones_own, partition_of
from kit.messaging.settings import BrokerSettings
from kit.messaging.topology import COMMANDS, of_service
from kit.settings import SettingsAtFault, load
from testkit.toys import ToyTold, Worked, work

FOUR = {"kit": 4, "wallet": 4}
OLGA, PAVEL = (UUID(int=number) for number in (7, 8))


def key_of(command: Command, subject: str = "1") -> str:
    exchange, key, _ = address(command, "payments", None, subject=subject, partitions=FOUR)
    assert exchange == COMMANDS
    return key


def transfer(payer: UUID) -> Transfer:
    return Transfer(
        command_id=new_id(),
        transfer_id=new_id(),
        payer=AccountRef(owner_id=payer),
        payee=AccountRef(owner_id=new_id()),
        amount_minor=1,
        currency="RUB",
        reference="x",
    )


def test_a_partition_stays_where_it_is_over_versions() -> None:
    assert [partition_of(key, 4) for key in ("a", "b", "c", str(OLGA))] == [3, 1, 3, 2]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 64])
def test_keys_are_spread_over_all_partitions(count: int) -> None:
    found = [partition_of(str(new_id()), count) for _ in range(100 * count)]
    assert set(found) == set(range(count))


def test_the_first_partition_has_the_names_of_the_only_one() -> None:
    assert [command_key("wallet", one) for one in (0, 1)] == ["wallet", "wallet.1"]
    queues = [command_queue("wallet", one) for one in (0, 1)]
    assert queues == ["wallet.commands", "wallet.commands.1"]


def test_what_moves_one_payers_money_waits_in_one_queue() -> None:
    keys = {key_of(transfer(OLGA), subject) for subject in "abcdefgh"}
    hold = PlaceHold(
        command_id=new_id(),
        hold_id=new_id(),
        payer=AccountRef(owner_id=OLGA, account_id=new_id()),
        amount_minor=1,
        currency="RUB",
        reference="x",
    )
    assert keys == {key_of(hold)} == {"wallet.2"}
    assert key_of(transfer(PAVEL)) != "wallet.2"


def test_other_commands_go_by_their_subject() -> None:
    assert [key_of(work(), subject) for subject in "abc"] == ["kit.3", "kit.1", "kit.3"]


def test_only_commands_are_shared_out() -> None:
    told = address(ToyTold(text="x"), "kit", None, subject="a", partitions=FOUR)
    assert told == ("kit.events", ToyTold.type, None)
    reply = address(Worked(in_reply_to=new_id()), "kit", "wallet", subject="a", partitions=FOUR)
    assert reply[1] == "wallet"


def test_every_partition_has_a_queue_and_its_dead_are_collected() -> None:
    made = of_service("kit", commands=3, replies=False, event_types=[])
    *working, dead = made.queues
    assert [(one.name, one.bindings) for one in working] == [
        (command_queue("kit", part), ((COMMANDS, command_key("kit", part)),)) for part in range(3)
    ]
    assert [key for _, key in dead.bindings] == [one.name for one in working]


@pytest.mark.parametrize(("partitions", "workers"), [(4, 1), (4, 2), (4, 3), (4, 4), (2, 4)])
def test_every_partition_is_one_workers_own(partitions: int, workers: int) -> None:
    for partition in range(partitions):
        owners = [one for one in range(1, workers + 1) if is_ones_own(partition, one, workers)]
        assert len(owners) == 1


class _Settings(BrokerSettings):
    """A service's, as they are read."""

    model_config = SettingsConfigDict(env_prefix="KIT_")


def test_a_worker_knows_its_place_and_how_many_queues_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (_Settings().worker_place, _Settings().command_partitions) == ((1, 1), {})
    monkeypatch.setenv("KIT_WORKER", "2/4")
    monkeypatch.setenv("COMMAND_PARTITIONS", '{"wallet": 4}')
    assert (_Settings().worker_place, _Settings().command_partitions) == ((2, 4), {"wallet": 4})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("KIT_WORKER", "5/4"),
        ("KIT_WORKER", "0/1"),
        ("KIT_WORKER", "1"),
        ("COMMAND_PARTITIONS", '{"wallet": 0}'),
        ("COMMAND_PARTITIONS", '{"wallet": 65}'),
    ],
)
def test_a_place_that_there_is_not_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingsAtFault):
        load(_Settings, env_file=None)
