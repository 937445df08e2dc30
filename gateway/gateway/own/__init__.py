"""Answers what the gateway itself answers; all else is forwarded."""
