"""Renders a token endpoint's refusals by RFC 6749 §5.2, others by §4.1.2.1.

A token endpoint's members stand beside the fields of every problem. The status is 400 but for an
unknown client (401); sizes, types and outages keep theirs.
"""

from typing import Final

from kit.refusals import Refusal

_BAD_REQUEST: Final = 400
# These codes are the RFC's own. Every other refusal about the user is an invalid grant, and every
# fault of the form an invalid request.
_OWN_WORDS: Final = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_scope",
        "unsupported_grant_type",
        "unsupported_response_type",
        "unsupported_token_type",
    }
)
_OF_THE_FORM: Final = frozenset(
    {"body_unreadable", "body_too_large", "content_type_unsupported", "validation_failed"}
)
_KEPT: Final = frozenset({404, 405, 408, 413, 415})
_SERVERS_FAULT: Final = 500


def error_of(refusal: type[Refusal] | Refusal) -> str:
    """Return the ``error`` of a refusal."""
    if refusal.code in _OWN_WORDS:
        return refusal.code
    if refusal.status >= _SERVERS_FAULT:
        return "server_error" if refusal.status == _SERVERS_FAULT else "temporarily_unavailable"
    if refusal.code in _OF_THE_FORM or refusal.status in {*_KEPT, _BAD_REQUEST, 422}:
        return "invalid_request"
    return "invalid_grant"


def members_of(refusal: Refusal) -> dict[str, str]:
    """Return what a refusal says in OAuth's words, in an answer or an address."""
    return {"error": error_of(refusal), "error_description": _ascii(refusal.detail())}


def status_of(refusal: type[Refusal] | Refusal) -> int:
    """Return the status that a token endpoint refuses with."""
    if refusal.code == "invalid_client" or refusal.status in _KEPT:
        return refusal.status
    return refusal.status if refusal.status >= _SERVERS_FAULT else _BAD_REQUEST


def say_in_oauth(refusal: Refusal) -> None:
    """Give a refusal the members and status of a token endpoint; its ``code`` stays."""
    refusal.members = {**refusal.members, **members_of(refusal)}
    refusal.status = status_of(refusal)
    if refusal.status == _BAD_REQUEST:
        refusal.headers.pop("WWW-Authenticate", None)  # it belongs to 401


def _ascii(text: str) -> str:
    r"""Return what RFC 6749 allows in a description: visible ASCII, spaces, no quotes.

    Backslashes are not allowed either.
    """
    plain = text.translate({ord("“"): "'", ord("”"): "'", ord('"'): "'", ord("\\"): "/"})
    return plain.encode("ascii", "ignore").decode()
