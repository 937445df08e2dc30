"""Shapes logins by a second factor or a passkey, and stepping up."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from auth.schemas.factors.factors import Code
from auth.schemas.factors.passkeys import SIGNED, SignedCredential
from auth.schemas.users import GivenPassword
from auth.service.factors.proofs import Proof
from kit.web.fields import refuse_field
from kit.web.schemas import Model

_MFA_TOKEN = "iX8kq0Zk0oTzU1Yy3Jr4cN2bHw7pQe5sLd9vMf6tGaE"  # noqa: S105 - an example
_ACCESS_TOKEN = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTlhYmY1ZSJ9.c2lnbmF0dXJl"  # noqa: S105 - an example

MfaToken = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        description="From the refusal `otp_required`; good for five minutes and five answers.",
        examples=[_MFA_TOKEN],
    ),
]
RecoveryCode = Annotated[str, Field(min_length=1, max_length=64, examples=["ABCD-EFGH-IJKL-MNOP"])]


class CodeLogin(Model):
    """A code after the right password: of the app, or a recovery code."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"mfa_token": _MFA_TOKEN, "code": "492039"}]}
    )

    mfa_token: MfaToken
    code: Code | None = None
    recovery_code: RecoveryCode | None = None

    @model_validator(mode="after")
    def _give_one(self) -> Self:
        _require_one(self.code, self.recovery_code)
        return self

    @property
    def proof(self) -> Proof:
        """What was given."""
        return _code_proof(self.code, self.recovery_code)


class PasskeyLoginBegun(Model):
    """A login by passkey that begins: after the right password, or without any name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mfa_token": _MFA_TOKEN}, {}]})

    mfa_token: MfaToken | None = None


class PasskeyLogin(Model):
    """A passkey's signature, after the right password or instead of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"credential": SIGNED}]})

    mfa_token: MfaToken | None = None
    credential: SignedCredential


class StepUpRequest(Model):
    """One proof of who is calling; a password is enough only without a second factor."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "492039"}]})

    password: GivenPassword | None = None
    code: Code | None = None
    recovery_code: RecoveryCode | None = None
    passkey: SignedCredential | None = None

    @model_validator(mode="after")
    def _give_one(self) -> Self:
        _require_one(self.password, self.code, self.recovery_code, self.passkey)
        return self

    @property
    def proof(self) -> Proof:
        """What was given, if it is no password."""
        if self.passkey is not None:
            return Proof("passkey", answer=self.passkey.as_told())
        return _code_proof(self.code, self.recovery_code)


class StepUpAnswer(Model):
    """A new access token of the same session; its refresh token stays."""

    access_token: str = Field(examples=[_ACCESS_TOKEN])
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int = Field(description="Lifetime of the access token, in seconds.", examples=[600])


def _require_one(*given: object) -> None:
    if sum(one is not None for one in given) != 1:
        raise refuse_field("one_proof", "Give exactly one proof.", "Укажите ровно одно.")


def _code_proof(code: str | None, recovery_code: str | None) -> Proof:
    if code is not None:
        return Proof("totp", code)
    return Proof("recovery_code", recovery_code or "")
