"""Holds the SQL of card payments: charges, refunds to cards, disputes, events."""
