"""Tells the timeline of a payment from what is stored."""
