"""Owns users, activation, logins, sessions, roles and signing keys."""
