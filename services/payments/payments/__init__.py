"""Payments between people: created, paid by a saga, cancelled, listed. Moves no money itself."""
