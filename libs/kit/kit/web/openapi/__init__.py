"""Completes FastAPI's OpenAPI document by what our operations declare.

`document.complete` adds access levels, problems with their codes, and headers of answers.
"""

from typing import Final

API_VERSION: Final = "1.0.0"  # of all services together: callers see one API
