"""What FastAPI's OpenAPI document does not say of our operations; they describe themselves.

`document.complete` adds it: access levels, problems with their codes, headers of answers.
"""

from typing import Final

API_VERSION: Final = "1.0.0"  # of all services together: callers see one API
