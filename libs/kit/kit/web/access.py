"""Names who may call an operation."""

from typing import Literal

Access = Literal["public", "user", "owner", "admin", "service"]
