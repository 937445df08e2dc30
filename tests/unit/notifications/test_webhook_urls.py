"""Where webhooks may go: the list of SECURITY.md, check 56, and what belongs beside it."""

from ipaddress import ip_address

import pytest

from notifications.domain.networks import is_public
from notifications.domain.webhook_urls import (
    LONGEST_URL,
    Reach,
    Target,
    UrlFault,
    UrlFaultError,
    read_url,
)

PRODUCTION = Reach()
DEVELOPMENT = Reach(plain_http=True)
LOOPBACK = Reach(plain_http=True, loopback=True)
M, C, H, P, N = (
    UrlFault.MALFORMED,
    UrlFault.CREDENTIALS,
    UrlFault.HTTPS_REQUIRED,
    UrlFault.PORT,
    UrlFault.NOT_PUBLIC,
)

REFUSED = [
    # plain http
    ("http://example.com/", H),
    ("http://example.com:8443/", H),
    # this machine, by name it is refused where the name is resolved
    ("https://127.0.0.1/", N),
    ("https://127.8.9.1/", N),
    ("https://[::1]/", N),
    ("https://0.0.0.0/", N),
    ("https://[::]/", N),
    # IPv4 in other clothes
    ("https://[::ffff:10.0.0.1]/", N),
    ("https://[::ffff:127.0.0.1]/", N),
    ("https://[::127.0.0.1]/", N),
    ("https://[64:ff9b::10.0.0.1]/", N),
    ("https://[64:ff9b::a9fe:a9fe]/", N),
    ("https://[64:ff9b:1::808:808]/", N),
    ("https://[2002:a00:1::]/", N),
    ("https://[2002:808:808::]/", N),
    ("https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", N),
    ("https://[::ffff:0:10.0.0.1]/", N),
    ("https://[::ffff:0:a9fe:a9fe]/", N),
    ("https://[0:0:0:0:ffff:0:7f00:1]/", N),
    ("https://[::10.0.0.1]/", N),
    ("https://[::fffe:10.0.0.1]/", N),
    ("https://[2606:4700::5efe:10.0.0.1]/", N),
    ("https://[2606:4700::200:5efe:10.0.0.1]/", N),
    ("https://012.0.0.1/", M),
    ("https://0xa.0.0.1/", M),
    ("https://10.1/", M),
    ("https://167772161/", M),
    ("https://[::ffff:0x0a.0.0.1]/", M),
    ("https://[::ffff:010.0.0.1]/", M),
    ("https://0/", M),
    ("https://2130706433/", M),
    ("https://127.1/", M),
    ("https://0x7f000001/", M),
    ("https://0x7f.0.0.1/", M),
    ("https://0177.0.0.1/", M),
    ("https://127.0.0.1./", M),
    ("https://foo.0x/", M),
    ("https://foo.1/", M),
    # private, shared, link-local and special networks
    ("https://10.0.0.1/", N),
    ("https://172.16.0.1/", N),
    ("https://192.168.1.1/", N),
    ("https://169.254.169.254/latest/meta-data/", N),
    ("https://168.63.129.16/", N),
    ("https://100.64.0.1/", N),
    ("https://100.100.100.200/", N),
    ("https://192.0.0.192/", N),
    ("https://192.0.2.1/", N),
    ("https://192.88.99.1/", N),
    ("https://198.18.0.1/", N),
    ("https://224.0.0.1/", N),
    ("https://239.255.255.250/", N),
    ("https://240.0.0.1/", N),
    ("https://255.255.255.255/", N),
    ("https://[fe80::1]/", N),
    ("https://[fec0::1]/", N),
    ("https://[fd00:ec2::254]/", N),
    ("https://[fc00::1]/", N),
    ("https://[ff02::1]/", N),
    ("https://[2001:db8::1]/", N),
    ("https://[3fff::1]/", N),
    ("https://[5f00::1]/", N),
    ("https://[100::1]/", N),
    ("https://[200::1]/", N),
    ("https://[4000::1]/", N),
    ("https://[2001:20::1]/", N),
    ("https://[fe80::1%25eth0]/", M),
    ("https://[fe80::1%eth0]/", M),
    ("https://[2606:4700::1%25eth0]/", M),
    # who it is said to be
    ("https://user@example.com/", C),
    ("https://user:password@example.com/", C),
    ("https://example.com@10.0.0.1/", C),
    ("https://@example.com/", C),
    # ports of other things
    ("https://example.com:22/", P),
    ("https://example.com:25/", P),
    ("https://example.com:80/", P),
    ("https://example.com:5432/", P),
    ("https://example.com:0/", P),
    ("https://example.com:9000/", P),
    ("https://example.com:65536/", M),
    ("https://example.com:x/", M),
    ("https://example.com:-1/", M),
    # no URL, or one that two readers read in two ways
    ("", M),
    ("example.com", M),
    ("//example.com/", M),
    ("https:///path", M),
    ("https:example.com", M),
    ("ftp://example.com/", M),
    ("file:///etc/passwd", M),
    ("gopher://example.com:443/", M),
    ("https://exa mple.com/", M),
    ("https://example.com\\@10.0.0.1/", M),
    ("https://example.com/\r\nhost: 10.0.0.1", M),
    ("https://example.com/#fragment", M),
    ("https://exämple.com/", M),
    ("https://exa%6dple.com/", M),
    ("https://1\u3002example.com/", M),
    ("https://example..com/", M),
    ("https://-example.com/", M),
    ("https://[example.com]/", M),
    ("https://[10.0.0.1]/", M),
    ("https://[::1/", M),
    ("https://::1/", M),
    ("https://" + "a" * 64 + ".com/", M),
    ("https://example.com/" + "a" * LONGEST_URL, M),
]


@pytest.mark.check(56)
@pytest.mark.parametrize(("url", "fault"), REFUSED)
def test_in_production_a_url_is_refused_by_name(url: str, fault: UrlFault) -> None:
    with pytest.raises(UrlFaultError) as refused:
        read_url(url, PRODUCTION)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    ("url", "fault"),
    [(url, fault) for url, fault in REFUSED if fault is not H],
)
def test_development_alone_opens_no_way_inside(url: str, fault: UrlFault) -> None:
    with pytest.raises(UrlFaultError) as refused:
        read_url(url, DEVELOPMENT)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("example.com", 443, None)),
        ("https://EXAMPLE.com:8443/a/b?c=d&e=%20", Target("example.com", 8443, None)),
        ("https://xn--e1afmkfd.xn--p1ai/", Target("xn--e1afmkfd.xn--p1ai", 443, None)),
        ("https://example.com./", Target("example.com.", 443, None)),
        ("https://a_b.example.com/", Target("a_b.example.com", 443, None)),
        ("https://8.8.8.8/", Target("8.8.8.8", 443, ip_address("8.8.8.8"))),
        ("https://[2606:4700::1]/", Target("2606:4700::1", 443, ip_address("2606:4700::1"))),
    ],
)
def test_a_public_https_url_is_taken(url: str, target: Target) -> None:
    assert read_url(url, PRODUCTION) == target


@pytest.mark.parametrize("url", ["http://example.com/", "http://example.com:8080/"])
def test_plain_http_is_for_development(url: str) -> None:
    assert read_url(url, DEVELOPMENT).host == "example.com"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:49152/", "http://localhost:1024/", "https://[::1]:9000/"]
)
def test_loopback_is_reached_only_by_its_own_setting(url: str) -> None:
    assert read_url(url, LOOPBACK).port >= 1024
    with pytest.raises(UrlFaultError):
        read_url(url, DEVELOPMENT)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://127.0.0.1:22/", P),
        ("http://10.0.0.1/", N),
        ("http://example.com:5000/", P),
        ("http://user@localhost:9000/", C),
        ("http://2130706433:9000/", M),
        ("http://[::ffff:0:127.0.0.1]:8080/", N),
        ("http://[64:ff9b::127.0.0.1]:8080/", N),
        ("http://[::127.0.0.1]:8080/", N),
        ("http://0.0.0.0:8080/", N),
    ],
)
def test_loopback_opens_nothing_else(url: str, fault: UrlFault) -> None:
    with pytest.raises(UrlFaultError) as refused:
        read_url(url, LOOPBACK)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "::ffff:0:8.8.8.8"],
)
def test_a_public_address_is_public_in_its_other_spellings_too(address: str) -> None:
    assert is_public(ip_address(address))


# Everything that the registries of IANA name as special, and one address in the middle of each.
@pytest.mark.parametrize(
    "address",
    [
        *("0.1.2.3", "10.9.8.7", "100.127.0.1", "127.0.0.53", "169.254.0.9", "172.31.255.254"),
        *("192.0.0.8", "192.0.2.9", "192.88.99.9", "192.168.255.1", "198.19.0.1", "198.51.100.1"),
        *("203.0.113.9", "225.1.2.3", "232.0.0.1", "250.1.2.3", "255.255.255.255"),
    ],
)
@pytest.mark.parametrize(
    "form", ["{}", "::ffff:{}", "::ffff:0:{}", "::{}", "64:ff9b::{}", "2606:4700::5efe:{}"]
)
def test_an_ipv4_address_that_is_not_public_is_in_no_form(address: str, form: str) -> None:
    assert not is_public(ip_address(form.format(address)))
