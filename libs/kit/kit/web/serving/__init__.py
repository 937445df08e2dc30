"""Serves the operations that FastAPI declares, in one pass per request.

How that differs from FastAPI stands in `libs/kit/kit/web/README.md`. It knows no operation.
"""
