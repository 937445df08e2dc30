"""Ends a command of ours in order, whichever signal tells it to end."""

import signal
from typing import NoReturn

INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interruptible() -> None:
    """Turn the first signal that ends programs into KeyboardInterrupt.

    A second one does not disturb the cleaning up.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
