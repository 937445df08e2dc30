"""Requests and streams that wait for changes; none holds a database connection meanwhile."""
