"""Knows passwords from breaches, as the bits of a Bloom filter (Bloom 1970).

`make passwords` writes the bits (`deploy/passwords.py`). What was put in is always found; of 5,000
other passwords about one is taken for a breached one, too.
"""

import struct
from collections.abc import Iterable
from hashlib import blake2b
from importlib.resources import files
from typing import Final

BITS: Final = 1 << 23  # 1 MiB, for about half a million passwords
# Each password sets twelve bits, which is best for 17 bits a password.
_POSITIONS: Final = struct.Struct("<12I")


class BloomFilter:
    """A set of texts of which only bits are kept; it may hold others, too."""

    def __init__(self, bits: bytes) -> None:
        if len(bits) * 8 != BITS:
            raise ValueError("these are not the bits of this filter")
        self._bits = bits

    @classmethod
    def of(cls, texts: Iterable[str]) -> "BloomFilter":
        """Return the filter of some texts."""
        bits = bytearray(BITS // 8)
        for text in texts:
            for position in _positions(text):
                bits[position >> 3] |= 1 << (position & 7)
        return cls(bytes(bits))

    def __bytes__(self) -> bytes:
        return self._bits

    def __contains__(self, text: str) -> bool:
        return all(self._bits[position >> 3] >> (position & 7) & 1 for position in _positions(text))


def _positions(text: str) -> Iterable[int]:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_POSITIONS.size).digest()
    return (number % BITS for number in _POSITIONS.unpack(digest))


BREACHED: Final = BloomFilter(files(__package__).joinpath("breached.bloom").read_bytes())
