"""Forwards requests to the services, as the system's only entry.

Pure ASGI in, aiohttp out.
"""
