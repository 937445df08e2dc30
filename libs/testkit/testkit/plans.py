"""Reads what PostgreSQL says of how it has answered a statement."""

from typing import Any, Final

import orjson

EXPLAIN: Final = "EXPLAIN (ANALYZE, FORMAT JSON) "


def rows_read(explained: str, table: str) -> int:
    """Return how many rows of a table were looked at, by what ``EXPLAIN`` says."""

    def walk(node: dict[str, Any]) -> int:
        own = 0
        if "Scan" in node["Node Type"] and node.get("Relation Name") == table:
            removed = node.get("Rows Removed by Filter", 0)
            own = int((node["Actual Rows"] + removed) * node["Actual Loops"])
        return own + sum(walk(below) for below in node.get("Plans", []))

    return walk(orjson.loads(explained)[0]["Plan"])
