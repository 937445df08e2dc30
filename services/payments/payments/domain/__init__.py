"""Holds the rules of payments as pure functions over frozen facts; does no I/O."""
