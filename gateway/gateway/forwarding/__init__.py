"""Forwards a request to a service, and its answer back."""
