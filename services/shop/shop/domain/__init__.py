"""Decides about the catalogue and orders. Pure: no I/O, no clock."""
