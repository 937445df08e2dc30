"""Says which function handles which message."""

from typing import Final

from contracts.auth import UserChanged, UserRegistered
from finance.service.people import remember_people
from kit.messaging.routes import Routes

ROUTES: Final = Routes(events={UserRegistered: remember_people, UserChanged: remember_people})
