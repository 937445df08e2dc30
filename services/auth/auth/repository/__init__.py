"""Owns all of auth's SQL, one module for each noun."""

from auth.repository.audit import AuditFilter, AuditLog
from auth.repository.deletions import Deletion, Deletions
from auth.repository.email_changes import EmailChanges
from auth.repository.keys import Keys
from auth.repository.links import Links
from auth.repository.logins import KnownPlaces, Logins
from auth.repository.seals import Seals
from auth.repository.sessions import Sessions
from auth.repository.user_pages import PageEnd, UserFilter
from auth.repository.users import NewUser, Users

__all__ = [
    "AuditFilter",
    "AuditLog",
    "Deletion",
    "Deletions",
    "EmailChanges",
    "Keys",
    "KnownPlaces",
    "Links",
    "Logins",
    "NewUser",
    "PageEnd",
    "Seals",
    "Sessions",
    "UserFilter",
    "Users",
]
