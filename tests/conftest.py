"""What somebody has set for a stack of his own is no part of what is tested."""

import os

from deploy.bootstrap import ROOT
from deploy.stack.environment import known

for name in known(ROOT):
    os.environ.pop(name, None)
