"""Holds the tables of auth; their constraints restate the domain's rules. No queries."""

from auth.tables.audit import audit, audit_origin, audit_seal
from auth.tables.clients import api_key, authorization_code, client
from auth.tables.factors import challenge, passkey, recovery_code, totp
from auth.tables.keys import signing_key
from auth.tables.logins import known_place, link, login_failure, session
from auth.tables.users import METADATA, deletion, email_change, resting_name, user_account

__all__ = [
    "METADATA",
    "api_key",
    "audit",
    "audit_origin",
    "audit_seal",
    "authorization_code",
    "challenge",
    "client",
    "deletion",
    "email_change",
    "known_place",
    "link",
    "login_failure",
    "passkey",
    "recovery_code",
    "resting_name",
    "session",
    "signing_key",
    "totp",
    "user_account",
]
