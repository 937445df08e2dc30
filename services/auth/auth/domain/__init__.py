"""Decides about users, sessions, links and keys: no I/O, no clock, no randomness."""
