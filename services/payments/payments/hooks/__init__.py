"""Holds what the sagas do to payments and refunds: lock rows, end a batch at once."""
