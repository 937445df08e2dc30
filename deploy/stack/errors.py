"""Owns the refusals of the runner: each carries a text for the person at the terminal."""


class StackError(Exception):
    """Something keeps the stack from doing as asked; the text says what, and what to do."""


class NotReadyError(StackError):
    """A process ended early or did not become ready; the text holds what it logged last."""

    def __init__(self, name: str, reason: str, tail: str) -> None:
        log = f"\nIts last log lines:\n{tail}" if tail else "\nIt logged nothing."
        super().__init__(f"{name} {reason}.{log}")
