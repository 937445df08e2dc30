"""Holds that only public names of FastAPI and what it stands on are used, or says where not."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

import pytest

FRAMEWORKS = {"fastapi", "starlette", "pydantic", "pydantic_core", "pydantic_settings", "uvicorn"}
# Without an underscore, but in no page of their documentation.
UNDOCUMENTED = {"dependant", "fastapi.dependencies", "fastapi.dependencies.models"}
# Where there is no public name for what is needed, and why it is.
NEEDED = {
    "libs/kit/kit/web/serving/parameters.py": {
        "fastapi.dependencies.models",  # how FastAPI has read a signature: said nowhere else
        "dependant",
    },
}

Sources = Callable[..., list[Any]]


def private_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the frameworks' insides that a file uses."""
    bases: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from filter(_is_inside, (alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and _is_framework(node.module or ""):
            names = {alias.name for alias in node.names}
            bases |= names
            yield from filter(_is_inside, (node.module or "", *names))
        elif isinstance(node, ast.Attribute) and _is_inside_of_an_object(node.attr):
            yield node.attr
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and bases & {ast.unparse(base) for base in node.bases}:
            yield from sorted(_inherited(node))


def _is_framework(name: str) -> bool:
    return name.partition(".")[0] in FRAMEWORKS


def _is_inside(name: str) -> bool:
    return name in UNDOCUMENTED or any(part.startswith("_") for part in name.split("."))


def _is_inside_of_an_object(name: str) -> bool:
    return name in UNDOCUMENTED or name.startswith(("__pydantic_", "__fastapi_"))


def _inherited(node: ast.ClassDef) -> set[str]:
    """Return names with an underscore that a class reads of itself and does not make itself."""
    mentioned = [
        one
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == "self"
        and one.attr.startswith("_")
        and not one.attr.startswith("__")
    ]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    made = {one.attr for one in mentioned if isinstance(one.ctx, ast.Store)}
    made |= {one.name for one in node.body if isinstance(one, functions)}
    made |= {ast.unparse(one.target) for one in node.body if isinstance(one, ast.AnnAssign)}
    return {one.attr for one in mentioned} - made


def test_no_private_name_of_the_frameworks_is_used(sources: Sources) -> None:
    found = {
        one.name: names
        for one in sources("libs", "services", "gateway", "deploy", "tests")
        if (names := set(private_names(one.tree)))
    }
    assert found == NEEDED


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from fastapi._compat import ModelField", "fastapi._compat"),
        ("from starlette._utils import is_async_callable", "starlette._utils"),
        ("from starlette.routing import _DefaultLifespan", "_DefaultLifespan"),
        ("import pydantic._internal._fields", "pydantic._internal._fields"),
        ("text = model.__pydantic_serializer__.to_json(model)", "__pydantic_serializer__"),
        ("asked = route.dependant.query_params", "dependant"),
        (
            (
                "from fastapi.routing import APIRoute\n"
                "class Route(APIRoute):\n"
                "    def embeds(self): return self._embed_body_fields"
            ),
            "_embed_body_fields",
        ),
    ],
)
def test_a_private_name_is_found(text: str, name: str) -> None:
    assert list(private_names(ast.parse(text))) == [name]


def test_what_a_class_makes_itself_is_its_own() -> None:
    text = (
        "from pydantic import BaseModel\n"
        "class Sum(BaseModel):\n"
        "    _minor: int = 0\n"
        "    def _add(self): self._seen = self._minor\n"
        "    def twice(self): return self._add(), self._seen"
    )
    assert list(private_names(ast.parse(text))) == []
