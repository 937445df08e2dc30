"""Carries messages between services, by outbox, relay, inbox and consumers."""
