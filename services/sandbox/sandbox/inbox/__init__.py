"""Webhook inboxes: accept any webhook, check its signature and show it."""
