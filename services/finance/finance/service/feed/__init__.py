"""Holds the verbs of wallets' movements, purchases and rules."""
