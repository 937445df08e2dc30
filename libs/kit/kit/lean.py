"""Keeps what no service uses out of its process.

Its command line imports this first: libraries import these wherever they are installed, and do
without them where not.
"""

import sys
from typing import Final

UNUSED: Final = (
    "pydantic.v1",  # FastAPI asks of every model whether it is one of these
    "pygments",
    "rich",  # for httpx's command line and for structlog's console; development has it
    "watchfiles",  # uvicorn starts itself anew when a file changes
)

for _name in UNUSED:
    # Importing it raises ImportError.
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]
