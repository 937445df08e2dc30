"""Speaks WebAuthn (level 2) with devices, by a library.

The library is loaded by who first uses a passkey: with all that can vouch for devices it takes
5 MiB.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from auth.domain.factors.challenges import LIFETIME
from auth.domain.factors.passkeys import Passkey
from auth.refusals import PasskeyRefused

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

DeviceAnswer = Mapping[str, Any]
Options = dict[str, Any]

_TIMEOUT_MILLISECONDS: Final = int(LIFETIME.total_seconds() * 1000)
_NAME: Final = "Saldo"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A device's new key: its id, public part (COSE), and count so far."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Signed:
    """What a device has signed: its count, and whether it has verified its user."""

    sign_count: int
    is_verified: bool


class RelyingParty:
    """The house as devices know it: by the domain `party_id`, at these origins."""

    def __init__(self, party_id: str, origins: Sequence[str]) -> None:
        self._id = party_id
        self._origins = list(origins)

    def registration(
        self, user_id: UUID, name: str, challenge: str, known: Iterable[Passkey]
    ) -> Options:
        """Return the options to make a key with, on a device that has none."""
        import webauthn
        from webauthn.helpers import structs

        options = webauthn.generate_registration_options(
            rp_id=self._id,
            rp_name=_NAME,
            user_id=user_id.bytes,
            user_name=name,
            challenge=webauthn.base64url_to_bytes(challenge),
            timeout=_TIMEOUT_MILLISECONDS,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[_descriptor(one) for one in known],
        )
        return webauthn.helpers.options_to_json_dict(options)

    def login(self, challenge: str, known: Iterable[Passkey], *, is_alone: bool) -> Options:
        """Return the options to sign with; `is_alone` asks the device to verify its user."""
        import webauthn
        from webauthn.helpers.structs import UserVerificationRequirement as Wanted

        options = webauthn.generate_authentication_options(
            rp_id=self._id,
            challenge=webauthn.base64url_to_bytes(challenge),
            timeout=_TIMEOUT_MILLISECONDS,
            allow_credentials=[_descriptor(one) for one in known],
            user_verification=Wanted.REQUIRED if is_alone else Wanted.PREFERRED,
        )
        return webauthn.helpers.options_to_json_dict(options)

    def registered(self, answer: DeviceAnswer, challenge: str) -> NewKey:
        """Return the key that a device has made.

        Raises:
            PasskeyRefused: it answers something else, or for somebody else.
        """
        import webauthn

        with _reading():
            made = webauthn.verify_registration_response(
                credential=dict(answer),
                expected_challenge=webauthn.base64url_to_bytes(challenge),
                expected_rp_id=self._id,
                expected_origin=self._origins,
            )
        return NewKey(made.credential_id, made.credential_public_key, made.sign_count)

    def signed(self, answer: DeviceAnswer, challenge: str, passkey: Passkey) -> Signed:
        """Verify what a device has signed; its count is left to the domain.

        Raises:
            PasskeyRefused: it answers something else, or with another key.
        """
        import webauthn

        with _reading():
            signed = webauthn.verify_authentication_response(
                credential=dict(answer),
                expected_challenge=webauthn.base64url_to_bytes(challenge),
                expected_rp_id=self._id,
                expected_origin=self._origins,
                credential_public_key=passkey.public_key,
                # The library would refuse a copied device like any wrong answer.
                credential_current_sign_count=0,
            )
        return Signed(signed.new_sign_count, signed.user_verified)


def challenge_of(answer: DeviceAnswer) -> str:
    """Return the challenge that an answer is for, unverified, in base64url.

    Raises:
        PasskeyRefused: it can't be read.
    """
    from webauthn import helpers

    with _reading():
        written = helpers.base64url_to_bytes(answer["response"]["clientDataJSON"])
        return helpers.bytes_to_base64url(helpers.parse_client_data_json(written).challenge)


def credential_of(answer: DeviceAnswer) -> bytes:
    """Return the id of the key that an answer says to be of.

    Raises:
        PasskeyRefused: it can't be read.
    """
    from webauthn import base64url_to_bytes

    with _reading():
        return base64url_to_bytes(answer["rawId"])


def transports_of(answer: DeviceAnswer) -> tuple[str, ...]:
    """Return how a device can be reached, of the words that browsers know."""
    from webauthn.helpers.structs import AuthenticatorTransport

    known = {one.value for one in AuthenticatorTransport}
    return tuple(sorted(known.intersection(answer["response"].get("transports") or ())))


@contextmanager
def _reading() -> Iterator[None]:
    """Refuse an answer that the library can't read: it raises more than it documents."""
    try:
        yield
    except Exception as error:
        raise PasskeyRefused from error


def _descriptor(passkey: Passkey) -> "PublicKeyCredentialDescriptor":
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    transports = [AuthenticatorTransport(one) for one in passkey.transports]
    return PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports)
