"""Holds what the tests of every room share: databases, broker, tokens, clock."""
