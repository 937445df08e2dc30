"""Says which time zones mean the same here and in PostgreSQL.

PostgreSQL takes `CET`, `EET`, `MET` and `WET` for abbreviations, which know no summer; as names of
the time zone database they do. Zones of an area, such as Europe/Berlin, are no abbreviations.
"""


def is_unambiguous(zone: str) -> bool:
    """Tell whether a time zone is one of an area, or UTC."""
    return "/" in zone or zone == "UTC"
