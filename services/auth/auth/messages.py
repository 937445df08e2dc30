"""Routes messages to functions; `contracts.auth` has the events that auth emits."""

from typing import Final

from auth.service.audit import keep
from contracts.auth import RecordAudit
from kit.messaging.routes import Routes

ROUTES: Final = Routes(commands={RecordAudit: keep})
