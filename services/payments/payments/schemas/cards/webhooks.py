"""What webhooks are answered."""

from typing import Literal

from kit.web.schemas import Model


class Received(Model):
    """The webhook was believed and is stored, or tells of nothing here."""

    received: Literal[True] = True
