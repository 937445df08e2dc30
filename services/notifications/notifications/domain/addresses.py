"""Decides which addresses can be written to, and hashes them to be remembered."""

import hashlib
import unicodedata
from typing import Final

import idna

LONGEST: Final = 320  # RFC 3696 errata 1690: 64, "@", 255
_UNSAFE: Final = frozenset('<>()[]\\,;:"')


def can_be_written(address: str) -> bool:
    """Tell whether an address is safe in a mail's header and means only itself.

    Auth accepts no other addresses; this is the last check before SMTP.
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
    """Return an address for servers without SMTPUTF8: its domain in ASCII (RFC 5891).

    A local part has no such form and stays as it is. Returns None if the domain is invalid.
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
    """Return an address's hash: it recognises the address but can't be written to."""
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address).casefold())
    return hashlib.sha256(key.encode()).digest()
