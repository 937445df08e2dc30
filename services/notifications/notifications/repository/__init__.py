"""The only SQL of notifications: notices, mails, and what is known of people."""

from notifications.repository.mails import Mails
from notifications.repository.notices import Notices
from notifications.repository.people import People

__all__ = ["Mails", "Notices", "People"]
