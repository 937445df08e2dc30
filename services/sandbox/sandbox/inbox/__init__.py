"""Webhook inboxes: they take whatever is POSTed to them, check its signature and show it."""
