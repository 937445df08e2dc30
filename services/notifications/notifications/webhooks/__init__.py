"""Outgoing webhooks: what is said to whom, where it may go, and the loop that sends it."""
