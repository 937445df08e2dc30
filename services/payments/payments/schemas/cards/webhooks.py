"""Shapes the answer to webhooks."""

from typing import Literal

from kit.web.schemas import Model


class Received(Model):
    """The webhook is stored, or it says nothing that matters here."""

    received: Literal[True] = True
