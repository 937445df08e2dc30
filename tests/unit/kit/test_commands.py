"""What the command line of a service asks before it drops everything, and what it has not."""

import argparse
import io
import logging
import sys
from collections.abc import Iterator

import orjson
import pytest
import structlog
from pydantic_settings import SettingsConfigDict

from kit.commands import Extra, _confirm, main
from kit.logs import get_logger
from kit.runtime import Service
from kit.settings import WebSettings
from kit.web.app import create_app


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


class PlainSettings(WebSettings):
    model_config = SettingsConfigDict(env_prefix="PLAIN_")


def build(settings: PlainSettings) -> Service:
    web = create_app(name="plain", title="p", description="", settings=settings, refusals=())
    return Service("plain", settings, web)


def test_who_types_the_name_of_the_service_has_everything_dropped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(" wallet \n"))
    _confirm("wallet")
    assert "drops every table of wallet" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["\n", "yes\n", "payments\n"])
def test_who_types_anything_else_has_nothing_done(
    monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    with pytest.raises(SystemExit, match=r"Nothing was done\."):
        _confirm("wallet")


def test_where_nobody_can_be_asked_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("wallet\n"))
    with pytest.raises(SystemExit, match="CONFIRM=1"):
        _confirm("wallet")


@pytest.mark.parametrize("command", ["messages", "sagas", "migrate", "pending"])
def test_a_service_without_a_database_has_neither_letters_nor_sagas_nor_migrations(
    command: str,
) -> None:
    with pytest.raises(SystemExit, match="plain has no database"):
        main("plain", PlainSettings, build, arguments=[command])


def test_the_openapi_document_is_printed_as_it_is_served(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    main("plain", PlainSettings, build, arguments=["openapi"])
    printed = orjson.loads(capsysbinary.readouterr().out)
    assert printed["info"]["title"] == "p"
    assert printed == build(PlainSettings()).web.openapi()


@pytest.fixture
def _logs_as_before() -> Iterator[None]:
    """Undo what a command does to the logs of its process."""
    config = structlog.get_config()
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.configure(**config)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.mark.usefixtures("_logs_as_before")
def test_a_command_answers_on_standard_output_and_logs_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def greet(settings: PlainSettings, parsed: argparse.Namespace) -> None:
        get_logger().info("greeted")
        sys.stdout.write("hello\n")

    commands: dict[str, Extra] = {"greet": (lambda _: None, greet)}
    main("plain", PlainSettings, build, commands=commands, arguments=["greet"])
    printed, logged = capsys.readouterr()
    assert printed == "hello\n"
    assert orjson.loads(logged)["event"] == "greeted"


@pytest.mark.usefixtures("_logs_as_before")
def test_a_service_may_have_commands_of_its_own() -> None:
    done: list[tuple[str, int]] = []

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--times", type=int, default=1)

    async def greet(settings: PlainSettings, parsed: argparse.Namespace) -> None:
        done.append((settings.service(), parsed.times))

    commands = {"greet": (add_arguments, greet)}
    main("plain", PlainSettings, build, commands=commands, arguments=["greet", "--times", "3"])
    main("plain", PlainSettings, build, commands=commands, arguments=["greet"])
    assert done == [("plain", 3), ("plain", 1)]
    with pytest.raises(SystemExit):
        main("plain", PlainSettings, build, arguments=["greet"])
