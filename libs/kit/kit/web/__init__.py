"""Owns the HTTP edge of every service: app, errors, callers.

It knows no operation; services declare theirs with `kit.web.routes.Router`.
"""
