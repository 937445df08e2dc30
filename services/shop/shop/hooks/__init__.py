"""Holds what the sagas do to orders: lock rows, end a batch at once."""
