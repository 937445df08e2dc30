"""Loads FastAPI so that it takes less of a service's process.

Its command line imports this first. FastAPI's models of OpenAPI documents are then built when a
document is made: most processes make none.
"""

from pydantic import BaseModel

import kit.lean  # noqa: F401 - keeps out what FastAPI would import

BaseModel.model_config["defer_build"] = True
import fastapi.openapi.models  # noqa: E402, F401 - its models take the setting over

del BaseModel.model_config["defer_build"]
