"""Decides about notices, mails and webhooks, and has their texts; pure."""
