"""Defines the audit log's records: acts of administrators, and events of users.

An act is named by its operation, an event by its `Kind`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

USER_AGENT_LONGEST: Final = 256


class Kind(StrEnum):
    """The kind of an event about a user's security; it is the record's `action`."""

    LOGIN_OK = "login_ok"
    LOGIN_FAILED = "login_failed"
    LOGIN_LOCKED = "login_locked"
    LOGOUT = "logout"
    REFRESH = "refresh"
    REFRESH_REUSED = "refresh_reused"
    SESSION_REVOKED = "session_revoked"
    REGISTERED = "registered"
    ACTIVATED = "activated"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    ROLES_CHANGED = "roles_changed"
    USER_ENABLED = "user_enabled"
    USER_DISABLED = "user_disabled"
    USER_UNLOCKED = "user_unlocked"
    TOTP_ENROLLED = "totp_enrolled"
    TOTP_REMOVED = "totp_removed"
    TOTP_FAILED = "totp_failed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_RENAMED = "passkey_renamed"
    FACTORS_REMOVED = "factors_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    STEPPED_UP = "stepped_up"
    CONFIRMATION_LIMITS_CHANGED = "confirmation_limits_changed"
    KEY_ROTATED = "key_rotated"
    API_KEY_MADE = "api_key_made"
    API_KEY_CHANGED = "api_key_changed"
    API_KEY_ROTATED = "api_key_rotated"
    API_KEY_REVOKED = "api_key_revoked"
    API_KEY_NEW_PLACE = "api_key_new_place"
    API_KEY_REFUSED = "api_key_refused"
    CODE_GRANTED = "code_granted"


# Whoever did it has not proved to be the user, or was an operator.
_UNPROVEN: Final = frozenset(
    {
        Kind.LOGIN_FAILED,
        Kind.LOGIN_LOCKED,
        Kind.REFRESH_REUSED,
        Kind.TOTP_FAILED,
        Kind.API_KEY_REFUSED,
        Kind.FACTORS_REMOVED,
    }
)
# Of these, and of nobody's alone, the log forgets after a time where they came from.
GUESSES: Final = (Kind.LOGIN_FAILED, Kind.LOGIN_LOCKED)
GUESSES_KEPT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: its address and what its client calls itself."""

    address: str
    user_agent: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """A record of the audit log; its fields are columns of `audit` and `audit_origin`.

    Attributes: actor_id: Who did it; None where nobody is known, as after a wrong name. service:
    The service that has the operation. action: The operation's id, or the event's `Kind`.
    subject_id: What it was about; None for a list. owner_id: Who owns that; None if nobody does, or
    everybody. owner_ids: All who own it, `owner_id` first. details: a few words or numbers, never a
    secret. address, user_agent: Where the request came from; None once that is forgotten.
    """

    id: UUID
    at: datetime
    actor_id: UUID | None
    service: str
    action: str
    subject_kind: str
    subject_id: str | None
    owner_id: UUID | None
    request_id: str | None
    address: str | None
    owner_ids: Sequence[UUID]
    user_agent: str | None = None
    details: Mapping[str, str | int] = field(default_factory=dict[str, "str | int"])


def actor_of(kind: Kind, user_id: UUID | None, admin_id: UUID | None) -> UUID | None:
    """Return who did it: an administrator, the user, or nobody known."""
    return None if kind in _UNPROVEN else admin_id or user_id


def origin_hash(salt: bytes, address: str, user_agent: str | None) -> bytes:
    """Return SHA-256 of where a request came from, which the record keeps for ever.

    The salt is forgotten with the rest, or the few addresses that exist could all be tried.
    """
    place = f"{address}\0{user_agent or ''}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(salt + place).digest()
