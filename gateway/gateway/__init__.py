"""The gateway: the one door of the system. Pure ASGI in, aiohttp out."""
