"""The HTTP edge of every service: one app factory, one error model, one idea of the caller.

Does not know any operation; services declare theirs with `kit.web.routes.Router`.
"""
