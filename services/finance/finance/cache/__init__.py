"""Keeps computed reports, each for the state of the book that it was computed from."""

from finance.cache.reports import CachedReport, CacheOutcome, ComputedReport, ReportCache, ReportKey
from finance.cache.shelf import Shelf

__all__ = ["CacheOutcome", "CachedReport", "ComputedReport", "ReportCache", "ReportKey", "Shelf"]
