"""Several replicas of a service: what each is told, and what the others are."""

from pathlib import Path

import pytest
from deploy.stack import Stack
from deploy.stack.errors import StackError
from deploy.stack.services import BY_NAME, of_replicas, replicas_in

URLS = {name: f"http://127.0.0.1:{port}" for port, name in enumerate((*BY_NAME, "wallet-2"), 21001)}
TWO = {"wallet": 2, "payments": 1}


def test_replicas_are_wanted_by_name_and_number() -> None:
    assert replicas_in("wallet=4 payments=2") == {"wallet": 4, "payments": 2}
    assert replicas_in("") == {}


@pytest.mark.parametrize(
    "text",
    [
        "wallet",
        "wallet=",
        "wallet=0",
        "wallet=10",
        "wallet=-1",
        "gateway=2",
        "sandbox=2",
        "bank=2",
        "=2",
    ],
)
def test_what_is_no_wish_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(StackError, match="is not understood"):
        replicas_in(text)


def test_each_replica_knows_which_it_is_and_all_how_many_there_are() -> None:
    told = [of_replicas(BY_NAME["wallet"], number, TWO, URLS) for number in (1, 2)]
    assert told == [
        {"COMMAND_PARTITIONS": '{"wallet": 2}', "WALLET_WORKER": f"{number}/2"} for number in (1, 2)
    ]
    of_payments = of_replicas(BY_NAME["payments"], 1, TWO, URLS)
    assert of_payments == {"COMMAND_PARTITIONS": '{"wallet": 2}', "PAYMENTS_WORKER": "1/1"}


def test_the_gateway_goes_to_all_replicas() -> None:
    told = of_replicas(BY_NAME["gateway"], 1, TWO, URLS)
    assert told == {"WALLET_URLS": f"{URLS['wallet']},{URLS['wallet-2']}"}


def test_one_of_each_is_told_nothing() -> None:
    assert of_replicas(BY_NAME["wallet"], 1, {}, URLS) == {}
    assert of_replicas(BY_NAME["gateway"], 1, {"wallet": 1}, URLS) == {}


def test_a_stack_has_the_replicas_that_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLICAS", "wallet=3")
    assert [one for one in Stack(tmp_path).services if one.startswith("wallet")] == [
        "wallet",
        "wallet-2",
        "wallet-3",
    ]
    assert "wallet-2" not in Stack(tmp_path, replicas={}).services
