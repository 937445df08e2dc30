"""A card provider: its API, its hosted page, and what can come back of a payment."""
