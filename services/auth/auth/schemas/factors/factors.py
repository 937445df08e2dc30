"""Shapes codes: of an authenticator app, to recover by, and what is enrolled."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from auth.domain.factors.totp import DIGITS
from auth.schemas.factors.passkeys import PasskeyAnswer
from kit.web.schemas import Model

_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - an example

Code = Annotated[
    str,
    Field(
        pattern=f"^[0-9]{{{DIGITS}}}$",
        description="The code that the authenticator app shows.",
        examples=["492039"],
    ),
]


class TotpEnrolment(Model):
    """The key for an authenticator app, shown once; a code confirms it."""

    secret: str = Field(description="In base32, to type in.", examples=[_SECRET])
    uri: str = Field(
        description="For a QR code.",
        examples=[f"otpauth://totp/Saldo:alice?secret={_SECRET}&issuer=Saldo"],
    )


class TotpConfirmation(Model):
    """The first code of an authenticator app."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "492039"}]})

    code: Code


class RecoveryCodesAnswer(Model):
    """Recovery codes, shown once; each is good for one login."""

    recovery_codes: list[str] = Field(examples=[["ABCD-EFGH-IJKL-MNOP"]])


class FactorsAnswer(Model):
    """By what, beside the password, one logs in."""

    totp_since: datetime | None = Field(
        description="Since when there is an authenticator app.", examples=["2026-01-31T12:00:00Z"]
    )
    passkeys: list[PasskeyAnswer]
    recovery_codes_left: int = Field(examples=[10])
