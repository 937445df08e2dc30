"""Shapes registered OAuth clients; the domain has the rules."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from auth.domain.oauth_clients import (
    LONGEST_OVERLAP,
    MOST_URIS,
    NAME_LONGEST,
    URI,
    URI_LONGEST,
    OAuthClient,
)
from auth.domain.scopes import EVERY, Scope
from auth.service.oauth_clients import ClientChange
from kit.web.fields import UNIQUE, each_once
from kit.web.schemas import Model

_CLIENT: Final[dict[str, Any]] = {
    "client_id": "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a91",
    "name": "Ledger for Shops",
    "redirect_uris": ["https://app.example.com/callback"],
    "scopes": ["payments:read", "profile:read"],
    "is_public": False,
    "is_active": True,
    "created_by": "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90",
    "created_at": "2026-01-31T12:00:00Z",
    "disabled_at": None,
    "old_secret_until": None,
}
_SECRET: Final = "cs_iX8kq0Zk0oTzU1Yy3Jr4cN2bHw7pQe5sLd9vMf6tGaE"  # noqa: S105 - an example

ClientName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=NAME_LONGEST,
        description="What people read when they log in.",
        examples=[_CLIENT["name"]],
    ),
]
RedirectUris = Annotated[
    list[
        Annotated[
            str,
            Field(min_length=1, max_length=URI_LONGEST, json_schema_extra={"pattern": URI}),
        ]
    ],
    Field(
        min_length=1,
        max_length=MOST_URIS,
        description="Where users may be sent back to, compared to the letter. https://host/path or"
        " http://127.0.0.1/path (also localhost, [::1]), without query and fragment; for a public"
        " client a loopback address means every port, and it may have a scheme of its own, with a"
        " dot: com.example.app:/path.",
        examples=[_CLIENT["redirect_uris"]],
    ),
]

ClientScopes = Annotated[
    list[Scope],
    Field(
        min_length=1,
        description="What it may do at most; each user allows this, or the part that it asks for."
        " Writing does not include reading.",
        json_schema_extra=UNIQUE,
        examples=[_CLIENT["scopes"]],
    ),
    AfterValidator(each_once),
]


class ClientRequest(Model):
    """A client to register."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{name: _CLIENT[name] for name in ("name", "redirect_uris", "scopes")}]
        }
    )

    name: ClientName
    redirect_uris: RedirectUris
    scopes: ClientScopes = Field(default=sorted(EVERY))
    is_public: bool = Field(
        default=False,
        description="true for what can't keep a secret: an app, or a page that runs in a browser.",
    )


class ClientPatch(Model):
    """A change to a client; fields left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": False}]})

    name: ClientName | None = None
    redirect_uris: RedirectUris | None = None
    scopes: ClientScopes | None = None
    is_active: bool | None = Field(
        default=None, description="false: it logs nobody in, and its users' sessions end at once."
    )

    @property
    def change(self) -> ClientChange:
        """The change, as the verb takes it."""
        scopes = None if self.scopes is None else frozenset(self.scopes)
        return ClientChange(self.name, self.redirect_uris, scopes, self.is_active)


class ClientSecretRotation(Model):
    """How long the secret before works on beside the new one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_seconds": 86_400}]})

    overlap_seconds: int = Field(
        default=0,
        ge=0,
        le=int(LONGEST_OVERLAP.total_seconds()),
        description="0: not at all, as for a secret that others know.",
    )

    @property
    def overlap(self) -> timedelta:
        """The overlap, as the verb takes it."""
        return timedelta(seconds=self.overlap_seconds)


class ClientAnswer(Model):
    """A registered client; its secret is never shown again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CLIENT]})

    client_id: UUID
    name: str
    redirect_uris: list[str]
    scopes: list[Scope]
    is_public: bool
    is_active: bool
    created_by: UUID = Field(description="The administrator who registered it.")
    created_at: datetime
    disabled_at: datetime | None
    old_secret_until: datetime | None = Field(
        description="How long the secret before the newest one works."
    )

    @classmethod
    def of(cls, client: OAuthClient, **more: Any) -> Self:
        """Show a client."""
        return cls(
            client_id=client.id,
            name=client.name,
            redirect_uris=list(client.redirect_uris),
            scopes=sorted(client.scopes),
            is_public=client.is_public,
            is_active=client.is_active,
            created_by=client.created_by,
            created_at=client.created_at,
            disabled_at=client.disabled_at,
            old_secret_until=client.old_secret_until,
            **more,
        )


class ClientWithSecret(ClientAnswer):
    """A client with its new secret."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_CLIENT, "client_secret": _SECRET}]}
    )

    client_secret: str | None = Field(
        description="Shown only once; null for a public client. If it was lost, rotate it."
    )
