"""Owns all of auth's SQL, one module for each noun."""

from auth.repository.audit import AuditFilter, AuditLog
from auth.repository.deletions import Deletion, Deletions
from auth.repository.keys import Keys
from auth.repository.links import Links
from auth.repository.logins import KnownPlaces, Logins
from auth.repository.sessions import Sessions
from auth.repository.users import NewUser, PageEnd, UserFilter, Users

__all__ = [
    "AuditFilter",
    "AuditLog",
    "Deletion",
    "Deletions",
    "Keys",
    "KnownPlaces",
    "Links",
    "Logins",
    "NewUser",
    "PageEnd",
    "Sessions",
    "UserFilter",
    "Users",
]
