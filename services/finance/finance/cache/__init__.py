"""Keeps computed reports, each for the state of a book that it is of."""

from finance.cache.reports import CachedReport, CacheOutcome, ComputedReport, ReportCache, ReportKey
from finance.cache.shelf import ReportShelf

__all__ = [
    "CacheOutcome",
    "CachedReport",
    "ComputedReport",
    "ReportCache",
    "ReportKey",
    "ReportShelf",
]
