"""Handing a request on to a service, and its answer back."""
