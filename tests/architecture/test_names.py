"""Holds that a name of a type means one thing in the house, and that modules are nouns."""

import ast
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.generate import rooms
from deploy.generate.rooms import ROOT

CODE = ("libs", "services", "gateway", "deploy")

# The same thing on both sides, under the name that both use, and why.
SHARED = {
    "Settings": "each program's own, always read as `<program>.settings.Settings`",
    "Wiring": "each service's own, always read as `<service>.wiring.Wiring`",
    "Person": "a user, as far as each service has been told",
    "Wallet": "a wallet, as far as each service has been told",
    "PlaceHold": "a command on the wire, and in the ledger's own words",
    "CaptureHold": "a command on the wire, and in the ledger's own words",
    "ReleaseHold": "a command on the wire, and in the ledger's own words",
    "Transfer": "a command on the wire, and in the ledger's own words",
    "BankCreditRequest": "one request, as the bank sends it and as wallet reads it",
    "BankCreditAnswer": "one answer, as wallet gives it and as the bank reads it",
    "Service": "a program of ours in kit; in payments the API's word for what can be paid for",
    "UserStatus": "the states of a user, on the wire and in auth",
    # Aliases that hand an operation what its own program has opened.
    "Wired": "each service's own, of `<service>.wiring.Wiring`",
    "Viewing": "who asks, as each service sees them",
    "Configured": "the sandbox's settings, for two of its rooms",
}
# Verbal nouns that are the field's own words.
FIELD_WORDS = {
    *("binding", "closing", "greeting", "hashing", "outgoing"),
    *("packing", "posting", "signing", "wiring"),
}

# What classes, aliases and type variables are called. A type variable of one letter is no name.
TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")

Sources = Callable[..., list[Any]]


def test_a_name_of_a_type_means_one_thing(sources: Sources) -> None:
    rooms = defaultdict(set)
    for one in sources(*CODE):
        for node in one.tree.body:
            for name in filter(TYPE_NAME.fullmatch, _named(node)):
                rooms[name].add(one.name)
    shared = {name for name, places in rooms.items() if len(places) > 1}
    assert shared == set(SHARED)


def test_aliases_and_type_variables_are_names_of_types() -> None:
    code = """
class Held: ...
Ends = tuple[int, int]
Asked: TypeAlias = int | str
Item = TypeVar("Item")
T = TypeVar("T")
LIMIT = 3
_Own = int
"""
    named = [name for node in ast.parse(code).body for name in _named(node)]
    assert [name for name in named if TYPE_NAME.fullmatch(name)] == [
        "Held",
        "Ends",
        "Asked",
        "Item",
    ]


def test_no_module_is_named_by_a_participle(sources: Sources) -> None:
    names = {Path(one.name).stem for one in sources(*CODE)}
    assert {name for name in names if name.endswith("ing")} <= FIELD_WORDS


def test_the_glossary_points_at_what_is_there() -> None:
    kit = ROOT / "libs" / "kit"
    roots = {"kit": kit, "tests": ROOT, "gateway": rooms.folder("gateway")}
    named = re.findall(r"`((?:\w+/)+\w+(?:\.py)?)`", (kit / "GLOSSARY.md").read_text("utf-8"))
    assert len(named) > 30
    tops = {name: name.partition("/")[0] for name in named}
    assert [
        name
        for name, top in tops.items()
        if not ((roots[top] if top in roots else rooms.folder(top)) / name).exists()
    ] == []


def _named(node: ast.stmt) -> list[str]:
    """Return what a statement of a module names: a class, an alias, a type variable."""
    match node:
        case ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []
