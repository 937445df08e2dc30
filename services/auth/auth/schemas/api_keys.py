"""Shapes API keys' requests and answers; the domain has the rules."""

from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field
from pydantic.config import JsonDict

from auth.domain.api_keys import LONGEST_OVERLAP, SHORTEST_OVERLAP, ApiKey, KeyTerms
from auth.domain.scopes import Scope
from kit.characters import holds_unseen
from kit.web.fields import UNIQUE, AmountFields, Changed, MoneyObject, each_once, refuse_field
from kit.web.schemas import Model
from kit.web.texts import ANY_LINE

_KEY: Final[dict[str, Any]] = {
    "id": "019abf61-2c1e-7d02-9b3a-6e1f2a3b4c5d",
    "name": "The shop's server",
    "hint": "sk_test_…9fQa",
    "scopes": ["payments:read", "payments:write"],
    "wallet_ids": None,
    "amount_per_day": {"amount": "15000.00", "currency": "RUB"},
    "addresses": ["203.0.113.0/24"],
    "created_at": "2026-01-31T12:00:00Z",
    "expires_at": "2027-01-31T12:00:00Z",
    "old_secret_until": None,
    "last_used_at": "2026-01-31T18:30:00Z",
    "last_address": "203.0.113.7",
}
_SECRET: Final = "sk_test_4f0Xk2mQ8s…Wl3M"  # noqa: S105 - a shortened example
_A_DAY: Final = 24 * 60 * 60


def _visible(text: str) -> str:
    if holds_unseen(text):
        raise refuse_field(
            "malformed",
            "Must not hold control characters.",
            "Не должно содержать управляющих знаков.",
        )
    return text


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise refuse_field(
            "network_invalid",
            "Must be an address or a network such as 203.0.113.0/24.",
            "Должен быть адрес или сеть, например 203.0.113.0/24.",
        ) from None


# How long a network's prefix is, and which of its bits are set, is more than JSON Schema can say.
_SAID: Final[JsonDict] = {"pattern": "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"}
KeyName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        json_schema_extra=ANY_LINE,
        description="For its owner.",
        examples=[_KEY["name"]],
    ),
    AfterValidator(_visible),
]
KeyAddresses = Annotated[
    list[Annotated[str, Field(max_length=43, json_schema_extra=_SAID), AfterValidator(_network)]]
    | None,
    Field(
        min_length=1,
        max_length=20,
        description="The addresses and networks that it works from; null for everywhere.",
        examples=[_KEY["addresses"]],
    ),
]


class AmountPerDay(AmountFields):
    """The amount that a key may pay in a day (UTC), in this currency alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY["amount_per_day"]]})


class ApiKeyRequest(Model):
    """A key to make: what it may do, and within which bounds."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": _KEY["name"], "scopes": _KEY["scopes"]}]}
    )

    name: KeyName
    scopes: Annotated[list[Scope], AfterValidator(each_once)] = Field(
        min_length=1,
        description="What it may do; writing does not include reading.",
        json_schema_extra=UNIQUE,
    )
    wallet_ids: Annotated[list[UUID] | None, AfterValidator(each_once)] = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="The wallets that it works with, as if there were no others; null for all.",
        json_schema_extra=UNIQUE,
    )
    amount_per_day: AmountPerDay | None = Field(
        default=None, description="How much it may pay in a day (UTC); null for no bound."
    )
    addresses: KeyAddresses = None
    expires_at: AwareDatetime | None = Field(
        default=None, description="When it stops to work; null for never."
    )

    @property
    def terms(self) -> KeyTerms:
        """The values, as the domain takes them."""
        return KeyTerms(
            name=self.name,
            scopes=frozenset(self.scopes),
            wallet_ids=None if self.wallet_ids is None else frozenset(self.wallet_ids),
            per_day=None if self.amount_per_day is None else self.amount_per_day.money,
            addresses=_networks(self.addresses),
            expires_at=self.expires_at,
        )


class ApiKeyPatch(Model):
    """A change to a key; fields left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"addresses": ["203.0.113.7"]}]})

    name: Changed[KeyName] = None
    addresses: KeyAddresses = None

    @property
    def changes(self) -> dict[str, Any]:
        """The given fields, as the domain takes them."""
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if "addresses" in given:
            given["addresses"] = _networks(self.addresses)
        return given


class ApiKeyRotation(Model):
    """How long the secret before works on beside the new one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_seconds": _A_DAY}]})

    overlap_seconds: int = Field(
        default=_A_DAY,
        ge=int(SHORTEST_OVERLAP.total_seconds()),
        le=int(LONGEST_OVERLAP.total_seconds()),
    )


class ApiKeyAnswer(Model):
    """An API key without its secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY]})

    id: UUID
    name: str
    hint: str = Field(description="How the newest secret begins and ends.")
    scopes: list[Scope]
    wallet_ids: list[UUID] | None
    amount_per_day: MoneyObject | None
    addresses: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    old_secret_until: datetime | None = Field(
        description="How long the secret before the newest one works."
    )
    last_used_at: datetime | None = Field(description="To the minute; null if never.")
    last_address: str | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Show a key."""
        return cls(**_shown(key))


class MadeApiKey(ApiKeyAnswer):
    """An API key with its new secret, which is shown in this answer and never again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_KEY, "key": _SECRET}]})

    key: str = Field(description="Send it as `Authorization: Bearer …`.")

    @classmethod
    def revealing(cls, key: ApiKey, secret: str) -> Self:
        """Show a key and its secret."""
        return cls(**_shown(key), key=secret)


class ExchangeRequest(Model):
    """An API key, and the address that somebody sent it from to the gateway."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": _SECRET, "address": "203.0.113.7"}]}
    )

    key: str = Field(min_length=1, max_length=100)
    address: str = Field(min_length=1, max_length=100)


def _shown(key: ApiKey) -> dict[str, Any]:
    terms, per_day = key.terms, key.terms.per_day
    return {
        "id": key.id,
        "name": terms.name,
        "hint": key.hint,
        "scopes": sorted(terms.scopes),
        "wallet_ids": None if terms.wallet_ids is None else sorted(terms.wallet_ids),
        "amount_per_day": per_day and MoneyObject.of(per_day.minor, per_day.currency),
        "addresses": None if terms.addresses is None else [str(one) for one in terms.addresses],
        "created_at": key.created_at,
        "expires_at": terms.expires_at,
        "old_secret_until": key.old_secret_until,
        "last_used_at": key.last_used_at,
        "last_address": key.last_address,
    }


def _networks(texts: list[str] | None) -> tuple[Any, ...] | None:
    return None if texts is None else tuple(ip_network(text) for text in texts)
