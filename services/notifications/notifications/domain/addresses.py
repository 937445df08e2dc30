"""Which texts may be put into a header as an address, and by what an address is remembered."""

import hashlib
import unicodedata
from typing import Final

import idna

LONGEST: Final = 320  # RFC 3696 errata 1690: 64, "@", 255
_UNSAFE: Final = frozenset('<>()[]\\,;:"')


def can_be_written(address: str) -> bool:
    """Tell whether an address can stand in a header and mean itself, nothing more.

    auth lets nothing else in; this is the last door before SMTP.
    """
    local, _, domain = address.rpartition("@")
    return (
        len(address) <= LONGEST
        and bool(local)
        and bool(domain)
        and "@" not in local
        and _UNSAFE.isdisjoint(address)
        and all(unicodedata.category(character)[0] in "LMNPS" for character in address)
        and mailbox(address) is not None
    )


def mailbox(address: str) -> str | None:
    """Return an address as servers without SMTPUTF8 take it: its domain in ASCII (RFC 5891).

    A local part has no such form and stays as it is. None where the domain is none.
    """
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode()
    except UnicodeError:  # IDNAError is one
        return None
    return f"{local}@{ascii_domain}"


def address_hash(address: str) -> bytes:
    """Return what is kept of an address: enough to know it again, not enough to write to it."""
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address).casefold())
    return hashlib.sha256(key.encode()).digest()
