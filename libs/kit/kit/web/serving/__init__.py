"""What serves the operations that FastAPI declares: one pass per request.

It is told from FastAPI's own way in `libs/kit/kit/web/README.md`. Knows no operation.
"""
