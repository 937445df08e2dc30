"""What administrators look at that is not theirs: the one place where each such look is told."""

from kit.logs import get_logger
from kit.web.identity import Identity

log = get_logger(__name__)


def overseen(caller: Identity, what: str, subject: object = None) -> None:
    """Note that an administrator looks at somebody else's data.

    Args:
        caller: Who looks.
        what: The noun of what is looked at, as the operation calls it.
        subject: The id of the one that is looked at; None for a list.
    """
    log.info(
        "admin_read",
        by=caller.subject,
        what=what,
        subject=None if subject is None else str(subject),
    )
