"""What names may resolve to, and what may be connected to: the guard with a made-up resolver."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from notifications.domain.webhook_urls import Reach, UrlFault, UrlFaultError
from notifications.webhooks.guard import AddressRefusedError, Guard, look_up

NAME = "https://hooks.example.com/"


@dataclass
class Names:
    """A resolver that gives one answer after the other, the last for ever."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, _: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def guard(*answers: Sequence[str], reach: Reach = Reach()) -> Guard:  # noqa: B008 - frozen
    return Guard(reach, Names(list(answers)))


async def refusal(one: Guard, url: str = NAME) -> UrlFault:
    with pytest.raises(UrlFaultError) as refused:
        await one.check(url)
    return refused.value.fault


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["::ffff:0:10.0.0.1"],
        ["2002:a00:1::"],
        ["::10.0.0.1"],
        ["fec0::1"],
        ["fe80::1%eth0"],
        ["8.8.8.8", "10.0.0.1"],
        ["2606:4700::1", "::1"],
    ],
)
async def test_a_name_is_refused_where_any_of_its_addresses_is_not_public(
    addresses: list[str],
) -> None:
    assert await refusal(guard(addresses)) is UrlFault.NOT_PUBLIC


async def test_a_name_of_public_addresses_is_taken_and_resolved_to_all_of_them() -> None:
    one = guard(["8.8.8.8", "2606:4700::1"])
    await one.check(NAME)
    found = await one.resolve("hooks.example.com", 443)
    assert [(each["host"], each["family"], each["port"]) for each in found] == [
        ("8.8.8.8", socket.AF_INET, 443),
        ("2606:4700::1", socket.AF_INET6, 443),
    ]


async def test_a_name_that_leads_inside_at_the_next_look_up_is_refused_then() -> None:
    one = guard(["8.8.8.8"], ["10.0.0.1"])
    await one.check(NAME)
    with pytest.raises(UrlFaultError) as refused:
        await one.resolve("hooks.example.com", 443)
    assert refused.value.fault is UrlFault.NOT_PUBLIC


async def test_a_name_without_address_is_not_found() -> None:
    assert await refusal(guard([])) is UrlFault.NOT_FOUND


@pytest.mark.parametrize("error", [OSError(), TimeoutError(), UnicodeError()])
async def test_a_name_that_can_not_be_looked_up_is_not_found(error: Exception) -> None:
    async def broken(host: str, port: int) -> list[str]:
        raise error

    assert await refusal(Guard(Reach(), broken)) is UrlFault.NOT_FOUND


async def test_an_address_in_the_url_is_checked_without_a_look_up() -> None:
    names = Names([["8.8.8.8"]])
    assert await refusal(Guard(Reach(), names), "https://10.0.0.1/") is UrlFault.NOT_PUBLIC
    assert names.asked == []


async def test_localhost_is_this_machine_and_only_a_setting_opens_it() -> None:
    url = "http://localhost:80/"
    assert await refusal(Guard(Reach(plain_http=True), look_up), url) is UrlFault.NOT_PUBLIC
    await Guard(Reach(loopback=True), look_up).check(url)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "127.0.0.1", "not an address", "::ffff:0:10.0.0.1", "::ffff:10.0.0.1"),
        *("2002:a00:1::", "fe80::1%eth0", "64:ff9b::a00:1", "ff02::1"),
    ],
)
def test_no_socket_is_opened_to_what_is_not_public(address: str) -> None:
    one = guard(["8.8.8.8"])
    with pytest.raises(AddressRefusedError):
        one.open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)))


def test_a_socket_is_opened_to_what_is_public() -> None:
    one = guard(["8.8.8.8"])
    with one.open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))) as opened:
        assert opened.family is socket.AF_INET


async def test_a_host_of_development_may_lead_inside_and_opens_no_other_way_there() -> None:
    reach = Reach(plain_http=True, hosts=frozenset({"gateway"}))
    one, where = guard(["172.18.0.5"], reach=reach), ("172.18.0.5", 8000)
    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", where)
    with pytest.raises(AddressRefusedError):
        one.open_socket(address)
    await one.check("http://GATEWAY:8000/sandbox/inbox/mine")
    one.open_socket(address).close()
    assert await refusal(one) is UrlFault.NOT_PUBLIC
    assert await refusal(one, "http://172.18.0.5:8080/") is UrlFault.NOT_PUBLIC
    assert await refusal(one, "http://gateway:22/") is UrlFault.PORT
