"""Holds the rules of wallets' movements, and of how they are sorted."""
