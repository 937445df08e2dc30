"""The story of a payment, told from what is stored."""
