"""Holds the rules of days: zones, periods, calendar."""
