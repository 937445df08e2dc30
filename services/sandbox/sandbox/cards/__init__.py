"""Simulates a card provider: its API, its hosted page, refunds and disputes."""
