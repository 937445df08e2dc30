"""Shapes logging in, refreshing and logging out, and published keys."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from auth.schemas.factors.factors import Code
from auth.schemas.users import GivenPassword, LoginName
from kit.web.fields import never_null
from kit.web.schemas import Model

_ACCESS_TOKEN = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTlhYmY1ZSJ9.c2lnbmF0dXJl"  # noqa: S105 - an example
_REFRESH_TOKEN = "rt_AZq_Xjscf8KaTi9tDBt6kAAAAAA"  # noqa: S105 - an example
_ALICE: dict[str, JsonValue] = {"username": "alice", "password": "demo-password-1"}  # `make seed`


# A field of a form, which may be left out; no form sends null.
FormText = Annotated[str | None, Field(json_schema_extra=never_null)]


class LoginRequest(Model):
    """A username or an e-mail address, and the password."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ALICE]})

    username: LoginName
    password: GivenPassword
    otp: Code | None = Field(
        default=None, description="The code of the authenticator app, where there is one."
    )


class RefreshRequest(Model):
    """The newest refresh token of a session."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refresh_token": _REFRESH_TOKEN}]})

    refresh_token: str = Field(min_length=1, max_length=512, examples=[_REFRESH_TOKEN])


class TokenForm(BaseModel):
    """The form of the OAuth2 token endpoint; it ignores unknown parameters (RFC 6749).

    No field has its own maximum length: a value that is too long is refused like a wrong one, with
    an `error` of §5.2 that clients understand.
    """

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"grant_type": "password", **_ALICE}]},
    )

    grant_type: FormText = Field(
        None,
        description="`authorization_code`, `refresh_token`, `password` (the default) or"
        " `client_credentials`.",
        examples=["password"],
    )
    code: FormText = Field(None, description="With `authorization_code`: the code.")
    redirect_uri: FormText = Field(None, description="The address that it came to.")
    code_verifier: FormText = Field(
        None, description="What the challenge was made from (RFC 7636)."
    )
    username: FormText = Field(None, description="A username or an e-mail address.")
    password: FormText = None
    otp: FormText = Field(None, description="The code of the authenticator app.")
    refresh_token: FormText = None
    client_id: FormText = None
    client_secret: FormText = None
    scope: FormText = Field(
        None,
        description="With `refresh_token`, by a registered client: a part of what was granted."
        " Leave it out elsewhere.",
        examples=[""],
    )

    @model_validator(mode="before")
    @classmethod
    def _without_what_has_no_value(cls, given: dict[str, str]) -> dict[str, str]:
        """Treat empty values as left out (RFC 6749 §3.2)."""
        return {name: value for name, value in given.items() if value}


class RevocationForm(BaseModel):
    """The form by which a client ends a session (RFC 7009 §2.1).

    It ignores what it does not know, `token_type_hint` too: a text says itself what it is.
    """

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={"examples": [{"token": _REFRESH_TOKEN}]},
    )

    token: str = Field(
        min_length=1, max_length=8192, description="A refresh token.", examples=[_REFRESH_TOKEN]
    )
    client_id: FormText = None
    client_secret: FormText = None


class RevocationAnswer(Model):
    """Nothing: whatever the token was, it opens nothing any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class TokenAnswer(Model):
    """Tokens of a user's session (RFC 6749 §5.1)."""

    access_token: str = Field(examples=[_ACCESS_TOKEN])
    refresh_token: str = Field(examples=[_REFRESH_TOKEN])
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int = Field(description="Lifetime of the access token, in seconds.", examples=[600])


class ClientTokenAnswer(TokenAnswer):
    """Tokens of a user's session that a registered client has (RFC 6749 §5.1)."""

    scope: str = Field(
        description="What the client may do by them, separated by spaces.",
        examples=["payments:read payments:write"],
    )


class ServiceTokenAnswer(Model):
    """A service's token; it has no refresh token (RFC 6749 §4.4.3)."""

    access_token: str = Field(examples=[_ACCESS_TOKEN])
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int = Field(description="Lifetime of the token, in seconds.", examples=[300])


class LogoutRequest(Model):
    """The sessions to end: this one, all others, or all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scope": "others"}]})

    scope: Literal["this", "others", "all"] = Field(default="this", examples=["this"])


class Jwk(Model):
    """A public key that verifies access tokens (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str = Field(examples=["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"])
    y: str = Field(examples=["x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"])
    kid: str = Field(examples=["oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"])
    use: Literal["sig"]
    alg: Literal["ES256"]


class Jwks(Model):
    """The published keys: next, active, and retired ones with tokens still valid."""

    keys: list[Jwk]
