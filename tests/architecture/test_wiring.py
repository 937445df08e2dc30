"""Services are put together in one way: who knows one of them finds the same in the next."""

import ast
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from typing import Any

import pytest

SERVICES = ("auth", "finance", "notifications", "payments", "shop", "wallet")


@pytest.mark.parametrize("service", SERVICES)
def test_the_composition_root_builds_then_wires_then_loops(
    service: str, sources: Callable[..., list[Any]]
) -> None:
    (app,) = (one for one in sources("services") if one.name.endswith(f"/{service}/app.py"))
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    made = [one.name for one in app.tree.body if isinstance(one, functions)]
    assert made[:2] == ["build", "wired"]
    assert service == import_module(f"{service}.app").NAME


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_may_have_the_settings_the_database_and_the_rest(service: str) -> None:
    wiring = import_module(f"{service}.wiring")
    assert [one.name for one in fields(wiring.Wiring)][:2] == ["settings", "database"]
    assert wiring.Wired.__origin__ is wiring.Wiring
