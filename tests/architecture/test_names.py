"""Holds that a class name means one thing in the house, and that modules are nouns."""

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
    "NextAction": "one shape, in the answers of two services",
    "BankCreditRequest": "one request, as the bank sends it and as wallet reads it",
    "BankCreditAnswer": "one answer, as wallet gives it and as the bank reads it",
    "Service": "a program of ours in kit; in payments the API's word for what can be paid for",
}
# Verbal nouns that are the field's own words.
FIELD_WORDS = {
    *("binding", "closing", "greeting", "hashing", "outgoing"),
    *("packing", "posting", "signing", "wiring"),
}

Sources = Callable[..., list[Any]]


def test_a_class_name_means_one_thing(sources: Sources) -> None:
    rooms = defaultdict(set)
    for one in sources(*CODE):
        for node in one.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                rooms[node.name].add(one.name)
    shared = {name for name, places in rooms.items() if len(places) > 1}
    assert shared == set(SHARED)


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
