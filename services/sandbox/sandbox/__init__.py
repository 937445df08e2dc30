"""Simulates the outside world: verification services, card provider, bank, mail."""
