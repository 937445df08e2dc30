"""Decides about what proves a user beside the password."""
