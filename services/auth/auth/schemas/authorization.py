"""Shapes authorization requests, the login page's form, and the metadata."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from auth.domain.codes import Asked
from auth.domain.names import EMAIL_LONGEST
from auth.domain.scopes import Scope
from auth.service.factors.proofs import Proof
from kit.web.schemas import Model

_ISSUER = "https://pay.example.com"
_GRANTS = ("authorization_code", "refresh_token", "password", "client_credentials")
_CLIENT_AUTHENTICATION = ("none", "client_secret_basic", "client_secret_post")


class AuthorizationQuery(BaseModel):
    """An authorization request; unknown parameters are ignored (RFC 6749 §3.1).

    Nothing is required here: what is missing is told to people by a page, to clients by a redirect.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    response_type: str | None = Field(None, description="`code`.", examples=["code"])
    client_id: str | None = Field(None, description="As the client was registered.")
    redirect_uri: str | None = Field(
        None,
        description="One of the client's, to the letter.",
        examples=["https://app.example.com/callback"],
    )
    state: str | None = Field(
        None, description="Comes back as it is; bind it to the browser's session."
    )
    code_challenge: str | None = Field(
        None,
        description="BASE64URL(SHA256(code_verifier)), RFC 7636 §4.2.",
        examples=["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
    )
    code_challenge_method: str | None = Field(None, description="`S256`.", examples=["S256"])
    scope: str | None = Field(
        None,
        description="What the client asks for, separated by spaces; left out, all that it is"
        " registered for. What it is not registered for is left out of what is granted.",
        examples=["payments:read payments:write"],
    )

    @property
    def asked(self) -> Asked:
        """What is asked for, as the domain decides about it."""
        return Asked(
            self.response_type, self.code_challenge, self.code_challenge_method, self.scope
        )


class AuthorizationForm(BaseModel):
    """The form that the login page sends."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "request": "gAAAAABpfXwA",
                    "username": "alice",
                    "password": "demo-password-1",
                    "decision": "allow",
                }
            ]
        },
    )

    request: str = Field(
        max_length=16_384, description="What the page was opened for, sealed.", examples=["gAAAAAB"]
    )
    username: str = Field("", max_length=EMAIL_LONGEST, examples=["alice"])
    password: str = Field("", max_length=1024, examples=["demo-password-1"])
    mfa_token: str = Field(
        "",
        max_length=128,
        description="Of the page that asks for a code.",
        examples=[""],
    )
    code: str = Field("", max_length=64, description="An app's, or a recovery code.", examples=[""])
    decision: Literal["allow", "deny"] = "deny"

    @property
    def proof(self) -> Proof:
        """The second factor: six digits are an app's code."""
        code = self.code.strip()
        is_totp = code.isascii() and code.isdigit()
        return Proof("totp" if is_totp else "recovery_code", code)


class ServerMetadata(Model):
    """What an OAuth client can find out by itself (RFC 8414)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "issuer": _ISSUER,
                    "authorization_endpoint": f"{_ISSUER}/v1/auth/authorize",
                    "token_endpoint": f"{_ISSUER}/v1/auth/token",
                    "revocation_endpoint": f"{_ISSUER}/v1/auth/revoke",
                    "jwks_uri": f"{_ISSUER}/.well-known/jwks.json",
                    "scopes_supported": [scope.value for scope in Scope],
                    "response_types_supported": ["code"],
                    "response_modes_supported": ["query"],
                    "grant_types_supported": list(_GRANTS),
                    "code_challenge_methods_supported": ["S256"],
                    "token_endpoint_auth_methods_supported": list(_CLIENT_AUTHENTICATION),
                    "revocation_endpoint_auth_methods_supported": list(_CLIENT_AUTHENTICATION),
                    "authorization_response_iss_parameter_supported": True,
                    "ui_locales_supported": ["en", "ru"],
                }
            ]
        }
    )

    issuer: str = Field(description="Comes back as `iss` (RFC 9207).")
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    scopes_supported: tuple[Scope, ...] = tuple(Scope)
    response_types_supported: tuple[str, ...] = ("code",)
    response_modes_supported: tuple[str, ...] = ("query",)
    grant_types_supported: tuple[str, ...] = _GRANTS
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = _CLIENT_AUTHENTICATION
    revocation_endpoint_auth_methods_supported: tuple[str, ...] = _CLIENT_AUTHENTICATION
    authorization_response_iss_parameter_supported: Literal[True] = True
    ui_locales_supported: tuple[str, ...] = ("en", "ru")
