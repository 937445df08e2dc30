"""Decides the ledger's rules: no I/O, no clock, no new ids."""
