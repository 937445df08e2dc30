"""Owns all of notifications' SQL, one module for each noun."""

from notifications.repository.addresses import Addresses
from notifications.repository.attempts import Attempts
from notifications.repository.deliveries import Deliveries
from notifications.repository.delivery_log import DeliveryLog
from notifications.repository.endpoints import Endpoints
from notifications.repository.mails import Mails
from notifications.repository.notices import Notices
from notifications.repository.people import People

__all__ = [
    "Addresses",
    "Attempts",
    "Deliveries",
    "DeliveryLog",
    "Endpoints",
    "Mails",
    "Notices",
    "People",
]
