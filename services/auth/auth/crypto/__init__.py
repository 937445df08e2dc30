"""Passwords hashed, tokens signed, and keys kept at rest. Decides nothing about users."""
