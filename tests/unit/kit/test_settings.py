"""kit.settings: from where values come, what production refuses, how they are documented."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from kit.messaging.settings import BrokerSettings
from kit.settings import (
    DatabaseSettings,
    EnvironmentSettings,
    IdentitySettings,
    RedisSettings,
    WebSettings,
    development_secret,
    duration,
    environment_of,
    load,
    render_env_example,
    setting,
    variable,
)

GOOD = "q8vW2zL0xN5rT7yU1iO3pA6sD9fG4hJk"


class Settings(DatabaseSettings, BrokerSettings, RedisSettings, IdentitySettings, WebSettings):
    """What a made-up service reads."""

    model_config = SettingsConfigDict(env_prefix="TILL_")

    port: int = setting(8999, "Port to listen on.", ge=1, le=65535)
    lanes: list[str] = setting(["left", "right"], "Lanes of the till.")
    is_open: bool = setting(True, "Whether it is open.")
    owner: str | None = setting(None, "Whose till it is; nobody's where not given.")
    drawer_secret: SecretStr = development_secret("development-drawer", "Opens the drawer.")


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(Settings, name), raising=False)
    monkeypatch.chdir(tmp_path)


def production() -> dict[str, Any]:
    return {
        "environment": "production",
        "cursor_secret": GOOD,
        "drawer_secret": GOOD[::-1],
        "database_url": f"postgresql://till:{GOOD}@db/saldo",
        "migration_url": f"postgresql://till_owner:{GOOD}@db/saldo",
        "rabbitmq_url": f"amqp://saldo:{GOOD}@mq/",
        "redis_url": f"redis://:{GOOD}@redis/0",
    }


def test_development_needs_no_environment_at_all() -> None:
    settings = load(Settings)

    assert settings.service() == "till"
    assert settings.database_url == "postgresql://till:till@127.0.0.1:5432/saldo"
    assert settings.migration_url == "postgresql://till_owner:till_owner@127.0.0.1:5432/saldo"
    assert settings.port == 8999
    assert not settings.in_production


def test_own_settings_have_the_prefix_and_shared_ones_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TILL_PORT", "9001")
    monkeypatch.setenv("TILL_LANES", '["middle"]')
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/1")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    settings = load(Settings)

    assert (settings.port, settings.lanes) == (9001, ["middle"])
    assert (settings.redis_url, settings.log_level) == ("redis://elsewhere/1", "DEBUG")


def test_the_environment_goes_before_the_file_and_empty_means_not_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("TILL_PORT=9002\nTILL_OWNER=anna\nOTHER_PORT=1\n")
    monkeypatch.setenv("TILL_PORT", "9003")
    monkeypatch.setenv("TILL_IS_OPEN", "")
    settings = load(Settings)

    assert (settings.port, settings.owner, settings.is_open) == (9003, "anna", True)
    assert load(Settings, env_file=None).owner is None


def test_values_can_be_passed_by_field_name_in_tests() -> None:
    settings = Settings(redis_url="redis://here/0", database_url="postgresql://a:b@c/d", port=1)

    assert settings.redis_url == "redis://here/0"
    assert settings.database_url == "postgresql://a:b@c/d"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_a_wrong_value_stops_the_service_naming_the_variable_and_not_the_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TILL_PORT", "eighty-eighty")
    monkeypatch.setenv("ENVIRONMENT", "prod")
    with pytest.raises(SystemExit) as stopped:
        load(Settings)

    message = str(stopped.value)
    assert message.startswith("till cannot start")
    assert "TILL_PORT: " in message
    assert "ENVIRONMENT: Input should be 'development', 'test' or 'production'" in message
    assert "eighty" not in message


def test_a_nameless_settings_class_still_says_that_it_cannot_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(SystemExit, match="The service cannot start"):
        load(EnvironmentSettings)


def test_production_takes_good_secrets() -> None:
    assert Settings(**production()).in_production


def test_production_refuses_every_development_value_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(SystemExit) as stopped:
        load(Settings)

    for name in (
        "CURSOR_SECRET",
        "TILL_DRAWER_SECRET",
        "TILL_DATABASE_URL",
        "TILL_MIGRATION_URL",
        "RABBITMQ_URL",
        "REDIS_URL",
    ):
        assert f"{name} is the development default" in str(stopped.value)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("drawer_secret", "hunter2", "TILL_DRAWER_SECRET is too short"),
        ("drawer_secret", "x" * 32, "TILL_DRAWER_SECRET looks like a placeholder"),
        ("redis_url", "redis://redis/0", "REDIS_URL has no password"),
        ("database_url", "postgresql://till:till@db/x", "TILL_DATABASE_URL is the development"),
    ],
)
def test_production_refuses_weak_secrets_without_showing_them(
    name: str, value: str, fault: str
) -> None:
    with pytest.raises(ValidationError, match=fault) as refused:
        Settings(**{**production(), name: value})

    assert value not in str(refused.value)


def test_secrets_do_not_show_in_repr() -> None:
    shown = repr(Settings(**production()))

    assert GOOD not in shown
    assert GOOD[::-1] not in shown
    assert "database_url" not in shown


def test_the_example_file_has_every_variable_once_with_meaning_and_default() -> None:
    class Other(RedisSettings, WebSettings):
        model_config = SettingsConfigDict(env_prefix="SHOP_")

    text = render_env_example([Settings, Other])
    lines = text.splitlines()

    assert lines.count("REDIS_URL=redis://127.0.0.1:6379/0") == 1
    assert "TILL_DATABASE_URL=postgresql://till:till@127.0.0.1:5432/saldo" in lines
    assert 'TILL_LANES=["left","right"]' in lines
    assert "TILL_IS_OPEN=true" in lines
    assert "# TILL_OWNER=" in lines
    assert "TILL_DRAWER_SECRET=development-drawer" in lines
    assert "SHOP_PORT=8000" in lines
    assert "One of: DEBUG, INFO, WARNING, ERROR." in text
    assert all(len(line) <= 100 for line in lines)
    assert text.index("ENVIRONMENT=") < text.index("# till -") < text.index("# shop -")


def test_the_example_file_is_read_back_as_the_defaults(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(render_env_example([Settings]))

    assert load(Settings) == load(Settings, env_file=None)


def test_a_shared_variable_declared_in_two_ways_is_an_error() -> None:
    class Other(RedisSettings):
        redis_url: str = setting("redis://other/0", "Another Redis.", shared="REDIS_URL")

    with pytest.raises(ValueError, match="REDIS_URL is declared in two ways"):
        render_env_example([Settings, Other])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("999999s", timedelta(seconds=999_999)),
    ],
)
def test_a_duration_is_a_number_and_its_unit(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "90", "s", "1w", "-1s", "1.5h", " 1s", "1s ", "1000000s", 90])
def test_what_is_no_duration_is_refused_with_examples(text: object) -> None:
    with pytest.raises(ValueError, match="write a duration such as 90s, 30m, 24h or 7d"):
        duration(text)


def test_another_process_is_given_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    class Timed(Settings):
        wait: timedelta = setting(timedelta(minutes=2), "How long it waits.")

        @field_validator("wait", mode="before")
        @classmethod
        def _read(cls, value: object) -> object:
            return duration(value) if isinstance(value, str) else value

    ours = Timed(
        _env_file=None, port=1234, lanes=["middle"], is_open=False, drawer_secret=SecretStr("s")
    )
    given = environment_of(ours)
    assert "TILL_OWNER" not in given
    assert (given["TILL_WAIT"], given["TILL_DRAWER_SECRET"]) == ("120s", "s")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert Timed(_env_file=None) == ours
