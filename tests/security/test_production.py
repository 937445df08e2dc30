"""In production nothing starts with a secret that is known, short or made up, or with a door open.

Which secrets there are is read from the settings themselves: a new one is tried here by itself.
"""

import secrets
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import httpx
import pytest
from deploy.generate import rooms
from pydantic import SecretStr

from kit.settings import EnvironmentSettings, MigrationSettings, load, variable

ROOMS = [*rooms.services(), rooms.GATEWAY]
# What production must be told beside secrets.
TOLD = {
    "AUTH_ACTIVATION_DELIVERY": "response",
    "PAYMENTS_PROVIDER": "stripe",
    "PAYMENTS_STRIPE_KEY": "sk_live" + "_51H8q3Zv7LmN2pRs",
    "PAYMENTS_STRIPE_WEBHOOK_SECRET": "whsec" + "_q8Zt3vYx7LmN2pRs",
    "NOTIFICATIONS_MAIL_FROM": "Saldo <no-reply@pay.example>",
    "FINANCE_S3_SECRET_KEY": "q8Zt3vYx7LmN2pRs",
}
# Secrets that others hand out: what is wrong with them is judged by the class that has them.
OF_OTHERS = {
    "PAYMENTS_STRIPE_KEY",
    "PAYMENTS_STRIPE_WEBHOOK_SECRET",
    "PAYMENTS_YOOKASSA_KEY",
    "FINANCE_S3_SECRET_KEY",
    "NOTIFICATIONS_SMTP_PASSWORD",  # there is none unless it is given
    "NOTIFICATIONS_WEBHOOK_OLD_KEYS",  # these decrypt only what they once encrypted
    "AUTH_KEY_OLD_SECRETS",  # as they do
    "SANDBOX_WEBHOOK_SECRET",  # the sandbox does not run in production
}
OPEN_DOORS = [
    ("payments", "PAYMENTS_PROVIDER", "sandbox"),
    ("payments", "PAYMENTS_STRIPE_KEY", "sk_test" + "_51H8q3Zv7LmN2pRs"),
    ("payments", "PAYMENTS_STRIPE_KEY", "sk_live_change_me"),
    ("payments", "PAYMENTS_STRIPE_WEBHOOK_SECRET", ""),
    ("payments", "PAYMENTS_OPEN_SERVICES", "true"),
    ("shop", "SHOP_OPEN_CATALOGUE", "true"),
    ("finance", "FINANCE_S3_SECRET_KEY", "saldo"),
    ("notifications", "NOTIFICATIONS_WEBHOOK_ALLOW_LOOPBACK", "true"),
    *((room, "LOG_LEVEL", "DEBUG") for room in ROOMS if room != "sandbox"),
    *((room, "ADMIN_FACTOR", "false") for room in rooms.services() if room != "sandbox"),
    ("gateway", "GATEWAY_CORS_ORIGINS", '["*"]'),
    ("gateway", "GATEWAY_TRUSTED_PROXIES", '["0.0.0.0/0"]'),
]
NO_ADDRESSES = [
    "http://pay.example",
    "https://localhost:8000",
    "https://127.0.0.1",
    "https://[::1]:1",
]
WEAK = ["short", "change-me-" * 5, "a" * 64]


def _classes() -> Iterator[tuple[str, type[EnvironmentSettings]]]:
    """Yield what is read at a start: settings of rooms, and of their migrations."""
    for room in ROOMS:
        settings = rooms.settings_class(room)
        yield room, settings
        if issubclass(settings, MigrationSettings):
            yield f"{room} migrate", MigrationSettings.of(settings)


CLASSES = {name: settings for name, settings in _classes() if name != "sandbox"}


def _guard(settings: type[EnvironmentSettings], field: str) -> str | None:
    extra = settings.model_fields[field].json_schema_extra
    found = extra.get("guard") if isinstance(extra, dict) else None
    return str(found) if found else None


GUARDED = [
    pytest.param(name, field, id=f"{name}: {variable(settings, field)}")
    for name, settings in CLASSES.items()
    for field in settings.model_fields
    if _guard(settings, field)
]


def _scheme(settings: type[EnvironmentSettings], field: str) -> str:
    return str(settings.model_fields[field].default).partition("://")[0]


def _good(settings: type[EnvironmentSettings], field: str) -> str:
    if _guard(settings, field) == "url":
        return f"{_scheme(settings, field)}://somebody:{secrets.token_hex(16)}@host/0"
    if _guard(settings, field) == "public":
        return "https://pay.example"
    return secrets.token_hex(24)


def _weak(settings: type[EnvironmentSettings], field: str) -> list[str]:
    """Return values that are not good enough: the default, and some that are no better."""
    default: Any = settings.model_fields[field].default
    if _guard(settings, field) == "public":
        return [default, *NO_ADDRESSES]
    if _guard(settings, field) == "url":
        scheme = _scheme(settings, field)
        password = [f"{scheme}://somebody:{one}@host/0" for one in WEAK]
        return [default.replace("{service}", settings.service()), f"{scheme}://host/0", *password]
    return [default.get_secret_value(), *WEAK]


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which every room starts."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    for settings in CLASSES.values():
        for field in settings.model_fields:
            if _guard(settings, field):
                monkeypatch.setenv(variable(settings, field), _good(settings, field))
    return monkeypatch


@pytest.mark.check(60)
@pytest.mark.parametrize("name", CLASSES)
def test_with_good_secrets_it_starts(production: pytest.MonkeyPatch, name: str) -> None:
    assert load(CLASSES[name], env_file=None).in_production


@pytest.mark.check(60)
@pytest.mark.parametrize(("name", "field"), GUARDED)
def test_what_is_known_short_or_made_up_is_refused_by_name(
    production: pytest.MonkeyPatch, name: str, field: str
) -> None:
    settings = CLASSES[name]
    for value in _weak(settings, field):
        production.setenv(variable(settings, field), value)
        with pytest.raises(SystemExit, match=variable(settings, field)) as told:
            load(settings, env_file=None)
        assert value not in str(told.value) or value == "short"


@pytest.mark.check(60)
@pytest.mark.parametrize(("name", "door", "value"), OPEN_DOORS)
def test_no_door_of_development_stands_open(
    production: pytest.MonkeyPatch, name: str, door: str, value: str
) -> None:
    production.setenv(door, value)
    with pytest.raises(SystemExit, match=door):
        load(CLASSES[name], env_file=None)


@pytest.mark.check(60)
def test_the_sandbox_does_not_start(production: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="sandbox does not run"):
        load(rooms.settings_class("sandbox"), env_file=None)


@pytest.mark.check(60)
@pytest.mark.parametrize("room", [room for room in ROOMS if room != "sandbox"])
def test_no_documentation_is_served_and_nothing_can_be_debugged(
    production: pytest.MonkeyPatch, room: str
) -> None:
    settings: Any = load(rooms.settings_class(room), env_file=None)
    assert not getattr(settings, "serves_docs", False)
    assert not [name for name in type(settings).model_fields if "debug" in name]


@pytest.mark.check(60)
@pytest.mark.parametrize("room", [room for room in rooms.services() if room != "sandbox"])
async def test_a_service_shows_no_pages_of_documentation(
    production: pytest.MonkeyPatch, room: str
) -> None:
    settings: Any = load(rooms.settings_class(room), env_file=None)
    app = import_module(f"{room}.app").build(settings).web
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=f"http://{room}"
    ) as http:
        for path in ("/docs", "/docs/start.js", "/redoc", "/debug", "/.git/config", "/.env"):
            assert (await http.get(path)).status_code == 404, path


def test_every_secret_is_guarded_or_of_others() -> None:
    secret = {
        variable(settings, name)
        for settings in map(rooms.settings_class, ROOMS)
        for name, field in settings.model_fields.items()
        if field.annotation in (SecretStr, SecretStr | None) and not _guard(settings, name)
    }
    assert secret <= OF_OTHERS


def test_no_address_hides_a_password_from_the_guard() -> None:
    unguarded = [
        variable(settings, name)
        for settings in map(rooms.settings_class, ROOMS)
        for name, field in settings.model_fields.items()
        if isinstance(field.default, str) and "@" in field.default and not _guard(settings, name)
    ]
    assert unguarded == ["NOTIFICATIONS_MAIL_FROM"]
