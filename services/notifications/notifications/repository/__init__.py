"""The only SQL of notifications: notices, and what is known of people."""

from notifications.repository.notices import Notices
from notifications.repository.people import People

__all__ = ["Notices", "People"]
