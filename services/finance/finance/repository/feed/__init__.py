"""Stores what wallets have moved, and what sorts it."""
