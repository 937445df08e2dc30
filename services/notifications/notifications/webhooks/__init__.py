"""Sends webhooks: their payloads, the addresses allowed, and the dispatcher."""
