"""Decides which IP addresses webhooks may go to: only public ones.

For IPv6 only global unicast is allowed (RFC 4291 §2.4, 2000::/3), so that an
unforeseen form of address is refused. Then Python's `is_global` decides; networks that it allows,
or allowed in some release, are refused here.
"""

from ipaddress import (
    IPv4Address,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Address = IPv4Address | IPv6Address

_REFUSED: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598), some clouds' metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by number, but the host of every Azure machine
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, deprecated (RFC 7526)
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside, deprecated (RFC 7526)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
# The last 32 bits are the IPv4 address.
_IPV4_INSIDE: Final = (
    IPv6Network("64:ff9b::/96"),  # NAT64 (RFC 6052)
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated, SIIT (RFC 2765)
)
# Interface ids of ISATAP (RFC 5214 §6.1), in any network: the host is the IPv4 address.
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
_LAST_32_BITS: Final = 2**32 - 1


def parsed(text: str) -> Address | None:
    """Parse an address in its usual spelling; return None if invalid or with a zone."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def embedded_ipv4(address: Address) -> Address:
    """Return the IPv4 address in a mapped, translated or NAT64 address, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if any(address in network for network in _IPV4_INSIDE):
        return _last_32_bits(address)
    return address


def is_public(address: Address) -> bool:
    """Tell whether the address is public."""
    address = embedded_ipv4(address)
    if isinstance(address, IPv6Address):
        if address not in _GLOBAL_UNICAST:
            return False
        if int(address) >> 32 & _LAST_32_BITS in _ISATAP and not is_public(_last_32_bits(address)):
            return False
    return address.is_global and not any(
        address in network for network in _REFUSED if network.version == address.version
    )


def is_loopback(address: Address) -> bool:
    """Tell whether the address is loopback, even IPv4-mapped."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & _LAST_32_BITS)
