"""Names the second factors, and what a login by them proves (RFC 8176)."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final, Literal


class Factor(StrEnum):
    """A second factor, as enrolled."""

    TOTP = "totp"
    PASSKEY = "passkey"


ProofMethod = Literal["totp", "passkey", "recovery_code"]

# The words of `amr`. A recovery code is a password used once, as a code of an app is.
PASSWORD: Final = ("pwd",)
ONE_TIME_CODE: Final = ("otp",)
PASSKEY: Final = ("hwk",)
_SEVERAL: Final = "mfa"
_FACTORS: Final = frozenset(ONE_TIME_CODE + PASSKEY)


def methods_of(factors: Collection[Factor]) -> list[ProofMethod]:
    """Return by what somebody with these factors can prove who they are."""
    if not factors:
        return []
    return [*(factor.value for factor in sorted(factors)), "recovery_code"]


def amr_of(*proofs: tuple[str, ...], is_verified: bool = False) -> tuple[str, ...]:
    """Return the `amr` of a login by these proofs, each word once, in their order.

    Args:
        proofs: The words of each.
        is_verified: Whether a passkey's device has verified its user, by a PIN or a finger: that
            alone is two factors.
    """
    words = tuple(dict.fromkeys(word for proof in proofs for word in proof if word != _SEVERAL))
    is_strong = is_verified or (len(words) > 1 and not _FACTORS.isdisjoint(words))
    return (*words, _SEVERAL) if is_strong else words
