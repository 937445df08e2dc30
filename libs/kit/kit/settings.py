"""Owns how settings are declared, read from the environment, and documented.

A service's settings are a sum of the parts below. Does not know any service's own settings.

A field is read from `<PREFIX>_<NAME>`; one declared with `shared="REDIS_URL"` from that very
name by every service. A default may say `{service}`, the prefix in lower case.
"""

import os
import re
import sys
from collections.abc import Iterable
from datetime import timedelta
from textwrap import wrap
from typing import Any, Final, Literal, Self, TypeVar, get_args, get_origin

import orjson
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from kit.production import leads_somewhere, listed, public_url_fault, secret_fault, url_fault

# The address of a provider or another service: http or https, maybe a path, no query.
HTTP_URL: Final = r"^https?://[^\s?#]+$"

# A name or an address to listen on.
HOST: Final = r"^[A-Za-z0-9.:_-]+$"
AT_FAULT: Final = 2  # the exit code: to start again makes nothing better

_SCHEMES: Final = (
    ("http", "https"),
    ("postgresql", "postgres"),
    ("amqp", "amqps"),
    ("redis", "rediss", "unix"),
)
_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

S = TypeVar("S", bound="EnvironmentSettings")


def setting(default: Any, description: str, *, shared: str | None = None, **limits: Any) -> Any:
    """Declare a setting; `limits` are pydantic's (`ge=1`, `max_length=…`)."""
    return _declare(default, description, shared, None, limits)


def development_secret(default: str, description: str, *, shared: str | None = None) -> Any:
    """Declare a `SecretStr` whose default is refused in production.

    Production also refuses a value shorter than 32 characters, or one that reads like a
    placeholder.
    """
    return _declare(SecretStr(default), description, shared, "secret", {})


def development_url(default: str, description: str, *, shared: str | None = None) -> Any:
    """Declare a URL with credentials, a `str` kept out of `repr`.

    Production refuses the default, and a password that is missing, short or a placeholder.
    """
    return _declare(default, description, shared, "url", {"repr": False})


def published_url(default: str, description: str, **limits: Any) -> Any:
    """Declare an address that people open.

    Production refuses plain http, and an address of this machine.
    """
    description += " Production wants https, and no address of this machine."
    return _declare(default, description, None, "public", limits)


def duration(text: object) -> timedelta:
    """Return the duration that an operator writes: 90s, 30m, 24h, 7d.

    Raises:
        ValueError: it is none.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("write a duration such as 90s, 30m, 24h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _declare(
    default: Any, description: str, shared: str | None, guard: str | None, options: dict[str, Any]
) -> Any:
    extra = {"guard": guard, "shared": shared is not None}
    return Field(
        default,
        description=description,
        validation_alias=shared,
        json_schema_extra={key: value for key, value in extra.items() if value},
        **options,
    )


class EnvironmentSettings(BaseSettings):
    """Says where the process runs and how it logs."""

    model_config = SettingsConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
        allow_inf_nan=False,
    )

    environment: Literal["development", "test", "production"] = setting(
        "development",
        "In production, development secrets are refused and docs are not served.",
        shared="ENVIRONMENT",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "INFO", "Lines below this level are not written.", shared="LOG_LEVEL"
    )

    @property
    def in_production(self) -> bool:
        """Tell whether the process runs in production."""
        return self.environment == "production"

    @classmethod
    def service(cls) -> str:
        """Return the name of the service, from the prefix: `WALLET_` → `wallet`."""
        return cls.model_config.get("env_prefix", "").removesuffix("_").lower()

    @model_validator(mode="after")
    def _name_the_service(self) -> Self:
        for name, field in type(self).model_fields.items():
            if isinstance(field.default, str) and getattr(self, name) == field.default:
                self.__dict__[name] = field.default.replace("{service}", self.service())
        return self

    @model_validator(mode="after")
    def _refuse_addresses_that_lead_nowhere(self) -> Self:
        faults = [
            f"{variable(type(self), name)} is no address: write {schemes[0]}://host:port"
            for name, field in type(self).model_fields.items()
            if (schemes := _schemes_of(name, field))
            and not all(leads_somewhere(one, schemes) for one in listed(getattr(self, name)))
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @model_validator(mode="after")
    def _refuse_development_values_in_production(self) -> Self:
        if not self.in_production:
            return self
        faults = [
            f"{variable(type(self), name)} {fault}"
            for name, field in type(self).model_fields.items()
            if (fault := _fault_in_production(type(self), field, getattr(self, name)))
        ]
        if self.log_level == "DEBUG":
            faults.append("LOG_LEVEL is DEBUG, by which HTTP clients write credentials down")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class MigrationSettings(EnvironmentSettings):
    """Holds what migrations need: the schema, as its owner."""

    migration_url: str = development_url(
        "postgresql://{service}_owner:{service}_owner@127.0.0.1:5432/saldo",
        "PostgreSQL as the owner of the schema; used by `migrate` only.",
    )

    @classmethod
    def of(cls, settings: type[EnvironmentSettings]) -> "type[MigrationSettings]":
        """Return a service's migration settings, from the class of its settings."""
        prefix = settings.model_config.get("env_prefix", "")

        class OfService(cls):  # type: ignore[valid-type, misc] # mypy knows no base in a variable
            model_config = SettingsConfigDict(env_prefix=prefix)

        return OfService


class DatabaseSettings(MigrationSettings):
    """Says how the service reaches its own schema in PostgreSQL."""

    database_url: str = development_url(
        "postgresql://{service}:{service}@127.0.0.1:5432/saldo",
        "PostgreSQL as the service's own role, which may only read and write rows.",
    )
    database_pool_size: int = setting(10, "Connections per process.", ge=1, le=200)


class RedisSettings(EnvironmentSettings):
    """Says how the service reaches Redis."""

    redis_url: str = development_url(
        "redis://127.0.0.1:6379/0",
        "Redis for revocations and request limits; never the truth about money.",
        shared="REDIS_URL",
    )


class IdentitySettings(EnvironmentSettings):
    """Says how access tokens are checked."""

    jwks_url: str = setting(
        "http://127.0.0.1:8101/.well-known/jwks.json",
        "Where the public keys of access tokens are fetched.",
        shared="JWKS_URL",
    )
    token_issuer: str = setting("saldo", "The only accepted issuer.", shared="TOKEN_ISSUER")
    token_audience: str = setting(
        "saldo-api", "The only accepted audience.", shared="TOKEN_AUDIENCE"
    )


class SocketSettings(EnvironmentSettings):
    """Says where those who run on one machine meet, beside their ports."""

    sockets: str = setting(
        "",
        "Folder of the Unix sockets that services also listen on, each named by its port, and that"
        " the gateway prefers to ports of its own machine; empty: none.",
        shared="SOCKETS",
    )


class WebSettings(SocketSettings):
    """Says how the service serves HTTP.

    A service sets its own port with `port: int = setting(8102, …)`.
    """

    host: str = setting("127.0.0.1", "Address to listen on.", pattern=HOST)
    port: int = setting(8000, "Port to listen on.", ge=1, le=65535)
    max_body_bytes: int = setting(
        64 * 1024, "Largest request body, in bytes, where an operation says nothing else.", ge=1024
    )
    cursor_secret: SecretStr = development_secret(
        "development-cursor-secret-of-saldo",
        "Signs list cursors and keys the fingerprints of repeated requests.",
        shared="CURSOR_SECRET",
    )
    admin_factor: bool | None = setting(
        None,
        "Whether administrators change nothing without a second factor. Left empty: in production"
        " only, which refuses `false`. Those who have one enrolled always need it.",
        shared="ADMIN_FACTOR",
    )

    @model_validator(mode="after")
    def _need_a_factor_in_production(self) -> Self:
        if self.in_production and self.admin_factor is False:
            raise ValueError("ADMIN_FACTOR must not be false in production")
        return self

    @property
    def needs_admin_factor(self) -> bool:
        """Whether an administrator's change needs a second factor, enrolled or not."""
        return self.in_production if self.admin_factor is None else self.admin_factor


class IdempotencySettings(EnvironmentSettings):
    """Bounds the answers kept for repeated requests, in services that keep any."""

    idempotency_keys: int = setting(
        50_000,
        "Most answers by Idempotency-Key that are kept for one caller, each for a day.",
        ge=1,
        shared="IDEMPOTENCY_KEYS",
    )


def variable(settings: type[EnvironmentSettings], name: str) -> str:
    """Return the environment variable that a field is read from."""
    alias = settings.model_fields[name].validation_alias
    prefix = settings.model_config.get("env_prefix", "")
    return alias if isinstance(alias, str) else f"{prefix}{name}".upper()


class SettingsAtFault(SystemExit):
    """Ends a process whose settings are at fault; says which, never values."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.code = AT_FAULT
        sys.stderr.write(f"{text}\n")


def load(settings: type[S], *, env_file: str | None = ".env") -> S:
    """Read settings from the environment, then from `env_file` where there is one.

    Raises:
        SettingsAtFault: some are; it has been written which, a line for each variable.
    """
    try:
        return settings(_env_file=env_file)
    except (ValidationError, SettingsError) as error:
        title = f"{settings.service() or 'The service'} cannot start, its settings are at fault:"
        raise SettingsAtFault("\n".join([title, *_faults(settings, error)])) from None


def _faults(
    settings: type[EnvironmentSettings], error: ValidationError | SettingsError
) -> list[str]:
    """Return a line for each fault, which names the variable."""
    if isinstance(error, SettingsError):  # of a list that is no JSON; only its text says of which
        named = re.search(r'field "(\w+)"', str(error))
        where = variable(settings, named[1]) if named else str(error)
        return [f"  {where}: write it as JSON"]
    names = {variable(settings, name): name for name in settings.model_fields}
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        where = str(fault["loc"][0]) if fault["loc"] else ""
        where = variable(settings, where) if where and where not in names else where
        lines.append(f"  {where}: {fault['msg']}" if where else f"  {fault['msg']}")
    return lines


def environment_of(settings: EnvironmentSettings) -> dict[str, str]:
    """Return the environment that gives a child of this process the same settings."""
    given = {
        variable(type(settings), name): getattr(settings, name)
        for name in type(settings).model_fields
    }
    said = {name: _spelled(value) for name, value in given.items() if value is not None}
    return {**os.environ, **said}


def render_env_example(classes: Iterable[type[EnvironmentSettings]]) -> str:
    """Return `.env.example`: every variable of the services, its meaning and default.

    Shared variables come first; one declared twice must mean the same (else ValueError).
    """
    groups: dict[str, dict[str, list[str]]] = {"shared by the services": {}}
    for settings in classes:
        for name, field in settings.model_fields.items():
            group = "shared by the services" if field.validation_alias else settings.service()
            entries = groups.setdefault(group, {})
            entry = _example(settings, name, field)
            if entries.setdefault(variable(settings, name), entry) != entry:
                raise ValueError(f"{variable(settings, name)} is declared in two ways")
    lines = [
        "# Every setting with its development value; written by `make generate`.",
        "# Copy what you change to `.env`. Production refuses the secrets below.",
    ]
    for group, entries in groups.items():
        lines += ["", f"# {group} ".ljust(80, "-")]
        for entry in entries.values():
            lines += ["", *entry]
    return "\n".join(lines) + "\n"


def _example(settings: type[EnvironmentSettings], name: str, field: FieldInfo) -> list[str]:
    comment = field.description or ""
    if get_origin(field.annotation) is Literal:
        comment += f" One of: {', '.join(map(str, get_args(field.annotation)))}."
    default = field.get_default(call_default_factory=True)
    text = _spelled(default).replace("{service}", settings.service())
    assignment = f"{variable(settings, name)}={text}"
    return [*(f"# {line}" for line in wrap(comment, 98)), assignment if text else f"# {assignment}"]


def _spelled(value: Any) -> str:
    """Return a default as the environment spells it: empty for None, JSON for lists."""
    match value:
        case None:
            return ""
        case SecretStr():
            return value.get_secret_value()
        case timedelta():
            return f"{round(value.total_seconds())}s"
        case bool() | list() | tuple() | dict():
            return orjson.dumps(value).decode()
        case _:
            return str(value)


def _schemes_of(name: str, field: FieldInfo) -> tuple[str, ...]:
    """Return the schemes that an address may have, as its default; else none."""
    if not name.endswith(("url", "urls", "endpoint")):
        return ()
    scheme = str(field.default).partition("://")[0]
    return next((schemes for schemes in _SCHEMES if scheme in schemes), _SCHEMES[0])


def _fault_in_production(
    settings: type[EnvironmentSettings], field: FieldInfo, value: Any
) -> str | None:
    extra = field.json_schema_extra
    guard = extra.get("guard") if isinstance(extra, dict) else None
    if guard == "secret":
        return secret_fault(value.get_secret_value(), field.default.get_secret_value())
    if guard == "public":
        return public_url_fault(value)
    if guard == "url":
        return url_fault(value, str(field.default).replace("{service}", settings.service()))
    return None
