"""What FastAPI's OpenAPI document does not say of our operations; they describe themselves.

`document.complete` adds it: access levels, problems with their codes, headers of answers.
"""
