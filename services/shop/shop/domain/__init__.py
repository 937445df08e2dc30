"""Decides about the catalogue. Pure: no I/O, no clock."""
