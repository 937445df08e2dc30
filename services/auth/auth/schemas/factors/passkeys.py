"""Shapes what browsers are told of passkeys, and answer (WebAuthn §5.1)."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from auth.domain.factors import passkeys
from auth.domain.factors.passkeys import Passkey
from auth.schemas.users import checked
from kit.web.schemas import Model

_CREDENTIAL = "KEDetxZcUfinhVi6Za5nZQ"
_CLIENT_DATA = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0"
_ATTESTATION = "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVg"
_SIGNATURE = "MEUCIQDx0kXk3yYw"
REGISTRATION: dict[str, JsonValue] = {
    "id": _CREDENTIAL,
    "rawId": _CREDENTIAL,
    "type": "public-key",
    "response": {"clientDataJSON": _CLIENT_DATA, "attestationObject": _ATTESTATION},
}
SIGNED: dict[str, JsonValue] = {
    "id": _CREDENTIAL,
    "rawId": _CREDENTIAL,
    "type": "public-key",
    "response": {
        "clientDataJSON": _CLIENT_DATA,
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ",
        "signature": _SIGNATURE,
    },
}

Base64url = Annotated[str, Field(min_length=1, max_length=32_768, pattern="^[A-Za-z0-9_-]+$")]
PasskeyName = Annotated[
    str,
    Field(max_length=passkeys.NAME_LONGEST, examples=["My phone"]),
    checked(passkeys.name),
]


class FromBrowser(Model):
    """A part of a browser's answer, which may hold more than is read here."""

    model_config = ConfigDict(extra="ignore")


class Attested(FromBrowser):
    """What a device says of its new key."""

    client_data: Base64url = Field(alias="clientDataJSON")
    attestation: Base64url = Field(alias="attestationObject")
    transports: list[Annotated[str, Field(max_length=32)]] = Field(default=[], max_length=16)


class Signature(FromBrowser):
    """What a device has signed."""

    client_data: Base64url = Field(alias="clientDataJSON")
    authenticator_data: Base64url = Field(alias="authenticatorData")
    signature: Base64url
    user_handle: Base64url | None = Field(default=None, alias="userHandle")


class NewCredential(FromBrowser):
    """A new passkey, as `PublicKeyCredential.toJSON()` gives it."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [REGISTRATION]})

    id: Base64url
    raw_id: Base64url = Field(alias="rawId")
    type: Literal["public-key"]
    response: Attested


class SignedCredential(FromBrowser):
    """A passkey's signature, as `PublicKeyCredential.toJSON()` gives it."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [SIGNED]})

    id: Base64url
    raw_id: Base64url = Field(alias="rawId")
    type: Literal["public-key"]
    response: Signature

    def as_told(self) -> dict[str, Any]:
        """Return it in the words of WebAuthn."""
        return self.model_dump(by_alias=True)


class PasskeyOptions(Model):
    """What a page hands to the browser; it works for five minutes, once."""

    options: dict[str, JsonValue] = Field(
        description="For `PublicKeyCredential.parseCreationOptionsFromJSON()` or"
        " `parseRequestOptionsFromJSON()`.",
        examples=[{"challenge": "iX8kq0Zk0oTzU1Yy3Jr4cN2bHw7pQe5sLd9vMf6tGaE", "timeout": 300000}],
    )


class PasskeyRequest(Model):
    """A new passkey, and what its user calls it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "My phone", "credential": REGISTRATION}]}
    )

    name: PasskeyName
    credential: NewCredential


class PasskeyPatch(Model):
    """Another name of a passkey."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "My old phone"}]})

    name: PasskeyName


class PasskeyAnswer(Model):
    """A passkey."""

    id: UUID = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c42"])
    name: str = Field(examples=["My phone"])
    created_at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    last_used_at: datetime | None = Field(examples=["2026-01-31T12:05:00Z"])

    @classmethod
    def of(cls, passkey: Passkey) -> Self:
        """Show a passkey."""
        return cls(
            id=passkey.id,
            name=passkey.name,
            created_at=passkey.created_at,
            last_used_at=passkey.last_used_at,
        )
