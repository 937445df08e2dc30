"""Names schemas so that generators of clients can make classes of them."""

import re
from collections import Counter
from typing import Any, Final

_PREFIX: Final = "#/components/schemas/"
_USABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_BOTH_WAYS: Final = ("-Input", "-Output")  # one model, as it is sent and as it is answered
_PARTED: Final = re.compile(r"[^A-Za-z0-9]+")


def pascal_case(operation_id: str) -> str:
    """Return `create_payment` as `CreatePayment`."""
    return "".join(part[:1].upper() + part[1:] for part in operation_id.split("_"))


def reference(name: str) -> dict[str, str]:
    """Return a reference to a schema of the document."""
    return {"$ref": f"{_PREFIX}{name}"}


def use_titles(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with each schema of an unusable name under its title.

    Pydantic names a parametrised model after its parts (`Page_Payment_`); the title is the name
    that the model gives itself (`PaymentPage`).
    """
    schemas = document["components"]["schemas"]
    renamed = {
        name: _named(name if name.endswith(_BOTH_WAYS) else schema.get("title", name))
        for name, schema in schemas.items()
        if not _USABLE.fullmatch(name)
    }
    return rename(document, renamed)


def _named(text: str) -> str:
    return pascal_case(_PARTED.sub("_", text))


def rename(document: dict[str, Any], renamed: dict[str, str]) -> dict[str, Any]:
    """Return the document with schemas renamed, also where it refers to them.

    Raises:
        ValueError: two schemas would have one name.
    """
    if not renamed:
        return document
    refs = {f"{_PREFIX}{old}": f"{_PREFIX}{new}" for old, new in renamed.items()}
    found: dict[str, Any] = _rewritten(document, refs)
    schemas = found["components"]["schemas"]
    names = [renamed.get(name, name) for name in schemas]
    if doubled := sorted(name for name, count in Counter(names).items() if count > 1):
        raise ValueError(f"several schemas of one name: {', '.join(doubled)}")
    schemas_by_name = dict(zip(names, schemas.values(), strict=True))
    for name in renamed.values():  # some generators go by the title
        schemas_by_name[name]["title"] = name
    found["components"]["schemas"] = schemas_by_name
    return found


def _rewritten(node: Any, refs: dict[str, str]) -> Any:
    """Return a copy of a document with other references.

    They are in `$ref`, and in the mapping of a discriminator.
    """
    if isinstance(node, dict):
        return {key: _rewritten(value, refs) for key, value in node.items()}
    if isinstance(node, list):
        return [_rewritten(value, refs) for value in node]
    return refs.get(node, node) if isinstance(node, str) else node
