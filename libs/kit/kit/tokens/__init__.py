"""Checks access tokens and their revocation, and fetches a service's own tokens.

It does not issue user tokens: services/auth does.
"""

from kit.tokens.jwks import KeySet
from kit.tokens.revocations import (
    Revocations,
    mark_complete,
    revoke_session,
    revoke_subject,
    run_of,
)
from kit.tokens.service_client import ServiceToken
from kit.tokens.verifier import Claims, TokenVerifier

__all__ = [
    "Claims",
    "KeySet",
    "Revocations",
    "ServiceToken",
    "TokenVerifier",
    "mark_complete",
    "revoke_session",
    "revoke_subject",
    "run_of",
]
