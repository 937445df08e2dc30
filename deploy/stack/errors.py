"""Names the refusals of the runner; each has a text for the person who reads it."""


class StackError(Exception):
    """Says what keeps the stack from doing as asked, and what to do about it."""


class NotReadyError(StackError):
    """Says that a process ended early or is not ready, and what it logged last."""

    def __init__(self, name: str, reason: str, tail: str) -> None:
        log = f"\nIts last log lines:\n{tail}" if tail else "\nIt logged nothing."
        super().__init__(f"{name} {reason}.{log}")
