"""Forwards requests to the services, as the system's only entry.

Pure ASGI in, connections of its own out.
"""
