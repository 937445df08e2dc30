"""Owns all of auth's SQL, one module for each noun."""

from auth.repository.api_keys import ApiKeys
from auth.repository.audit import AuditFilter, AuditLog, Guesses
from auth.repository.codes import Codes, FoundCode
from auth.repository.deletions import Deletion, Deletions
from auth.repository.email_changes import EmailChanges
from auth.repository.factors import Challenges, Passkeys, RecoveryCodes, Totps
from auth.repository.keys import Keys
from auth.repository.links import Links
from auth.repository.logins import KnownPlaces, Logins
from auth.repository.oauth_clients import OAuthClients
from auth.repository.seals import Seals
from auth.repository.sessions import Sessions
from auth.repository.user_pages import PageEnd, UserFilter
from auth.repository.users import NewUser, Users

__all__ = [
    "ApiKeys",
    "AuditFilter",
    "AuditLog",
    "Challenges",
    "Codes",
    "Deletion",
    "Deletions",
    "EmailChanges",
    "FoundCode",
    "Guesses",
    "Keys",
    "KnownPlaces",
    "Links",
    "Logins",
    "NewUser",
    "OAuthClients",
    "PageEnd",
    "Passkeys",
    "RecoveryCodes",
    "Seals",
    "Sessions",
    "Totps",
    "UserFilter",
    "Users",
]
