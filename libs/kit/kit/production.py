"""Decides which addresses can be right, and what is good enough for production.

Does not know where they are declared.
"""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

MIN_SECRET_LENGTH = 32
MIN_URL_PASSWORD_LENGTH = 16

_MIN_DISTINCT_CHARACTERS = 8
# Each has six letters or more, so that a random value never holds one by chance.
_PLACEHOLDER_MARKS = (
    "change",
    "default",
    "development",
    "example",
    "insecure",
    "password",
    "placeholder",
    "secret",
)


def secret_fault(value: str, default: str) -> str | None:
    """Return what is wrong with a secret, None if nothing is.

    The text follows the name of the secret's variable.
    """
    return _fault(value, default, MIN_SECRET_LENGTH)


def url_fault(value: str, default: str) -> str | None:
    """Return what is wrong with the password in a URL, None if nothing is."""
    if value == default:
        return "is the development default"
    password = unquote(urlsplit(value).password or "")
    if not password:
        return "has no password"
    return _fault(password, unquote(urlsplit(default).password or ""), MIN_URL_PASSWORD_LENGTH)


def listed(addresses: str | None) -> list[str]:
    """Return the addresses that a setting names."""
    text = addresses or ""
    # PostgreSQL's own lists of hosts are one address.
    return text.split(",") if text.startswith("http") else list(filter(None, [text]))


def leads_somewhere(address: str, schemes: tuple[str, ...]) -> bool:
    """Tell whether an address has one of the schemes, and a host or a path.

    That of a Redis has no options: nobody would read them.
    """
    try:
        parts = urlsplit(address)
        port = 1 if "," in parts.netloc else parts.port  # several hosts of PostgreSQL
    except ValueError:  # brackets that don't close, a port above 65535
        return False
    if parts.scheme == "unix":
        has_place = bool(parts.path) and not parts.hostname
    elif parts.scheme in {"redis", "rediss"}:
        has_place = bool(parts.hostname) and not parts.query
    else:
        has_place = bool(parts.hostname) or parts.scheme.startswith("postgres")  # else a socket
    return parts.scheme in schemes and has_place and port != 0


def public_url_fault(value: str) -> str | None:
    """Return what is wrong with an address that people open, None if nothing is."""
    parts = urlsplit(value)
    if parts.scheme != "https":
        return "must begin with https://"
    if _is_this_machine((parts.hostname or "").rstrip(".")):
        return "must be an address where people reach it, not this machine"
    return None


def _is_this_machine(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _fault(value: str, default: str, min_length: int) -> str | None:
    if value == default:
        return "is the development default"
    if len(value) < min_length:
        return f"is too short: {min_length} characters at least"
    if len(set(value)) < _MIN_DISTINCT_CHARACTERS:
        return "looks like a placeholder"
    if any(mark in value.lower() for mark in _PLACEHOLDER_MARKS):
        return "looks like a placeholder"
    return None
