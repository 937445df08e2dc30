"""Finds a path's template, by which metrics name it, in what services declare.

Until a service has told its operations, the prefix that leads to it is its only name.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final

_MOST: Final = 2000  # of a service, so that what it says can't fill the memory of metrics

# What follows a segment: by its text, by `_PARAMETER` whatever else there is, by `_END` the
# template that ends here. What follows a parameter also follows each text beside it, so that
# looking never has to go back.
_Node = dict[bytes | None, Any]
_PARAMETER: Final = b"{}"
_END: Final = None


class RouteTemplates:
    """Holds the templates of all services; a segment of a path takes a look-up."""

    def __init__(self) -> None:
        self._of_service: dict[str, _Node] = {}

    def learn(self, service: str, paths: Iterable[str]) -> None:
        """Take the paths that a service declares in place of those it declared before."""
        root: _Node = {}
        for path in sorted(paths)[:_MOST]:
            node = root
            for text in path.encode().split(b"/"):
                node = node.setdefault(_PARAMETER if text[:1] == b"{" else text, {})
            node[_END] = path
        _share_parameters(root)
        self._of_service[service] = root

    def find(self, service: str, path: bytes) -> str | None:
        """Return the template of a path, None where its service has declared none."""
        node: _Node | None = self._of_service.get(service)
        if node is None:
            return None
        for text in path.rstrip(b"/").split(b"/"):
            node = node.get(text) or node.get(_PARAMETER)
            if node is None:
                return None
        template: str | None = node.get(_END)
        return template


def _share_parameters(node: _Node) -> None:
    parameter: _Node = node.get(_PARAMETER, {})
    for text, below in node.items():
        if text is not _END:
            if text != _PARAMETER:
                _add(below, parameter)
            _share_parameters(below)


def _add(node: _Node, other: _Node) -> None:
    """Add what is in another node; what is there, by whatever name, goes before it."""
    for text, below in other.items():
        if text is _END:
            node.setdefault(_END, below)
        else:
            if text not in node:
                node[text] = deepcopy(node.get(_PARAMETER, {}))
            _add(node[text], below)
