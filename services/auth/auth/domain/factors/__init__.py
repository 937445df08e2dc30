"""Decides about what proves a user beside the password: codes of an app, passkeys, old codes."""
