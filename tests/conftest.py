"""What somebody has set for a stack of his own is no part of what is tested."""

import os

import structlog
from deploy.bootstrap import ROOT
from deploy.stack.environment import known

for name in known(ROOT):
    os.environ.pop(name, None)

# Tests log as an unconfigured structlog does, but for tracebacks: rich, where it is installed,
# takes longer to draw one than the time-outs of what is tested.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
