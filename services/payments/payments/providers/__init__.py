"""Holds the card providers, what each must be able to do, and the chosen one."""

from payments.providers.choice import provider_of
from payments.providers.protocol import (
    PaymentProvider,
    ProviderError,
    WebhookRefusedError,
    WebhookUnreadableError,
)

__all__ = [
    "PaymentProvider",
    "ProviderError",
    "WebhookRefusedError",
    "WebhookUnreadableError",
    "provider_of",
]
