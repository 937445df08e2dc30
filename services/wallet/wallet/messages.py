"""Routes messages to functions: all commands go to the ledger in whole batches."""

from contracts.wallet import CaptureHold, PlaceHold, ReleaseHold, Transfer
from kit.messaging.routes import Routes
from wallet.service.commands import post_commands

ROUTES = Routes(
    commands={
        PlaceHold: post_commands,
        CaptureHold: post_commands,
        ReleaseHold: post_commands,
        Transfer: post_commands,
    },
    repeatable=frozenset({"commands"}),  # known by the rows of `command`
)
