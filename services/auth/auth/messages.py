"""The table of auth's messages. What it tells stands in `contracts.auth`."""

from typing import Final

from auth.service.audit import keep
from contracts.auth import RecordAudit
from kit.messaging.routes import Routes

ROUTES: Final = Routes(commands={RecordAudit: keep})
