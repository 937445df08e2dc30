"""Puts the chosen provider together from the settings."""

import httpx

from payments.providers.protocol import PaymentProvider
from payments.providers.sandbox import SandboxProvider
from payments.providers.stripe import StripeProvider
from payments.providers.yookassa import Shop, YooKassaProvider
from payments.settings import Settings


def provider_of(settings: Settings, client: httpx.AsyncClient) -> PaymentProvider:
    """Return the provider that PAYMENTS_PROVIDER names."""
    match settings.provider:
        case "stripe":
            return StripeProvider(
                client, settings.stripe_api, settings.stripe_key, settings.stripe_webhook_secret
            )
        case "yookassa":
            shop = Shop(
                id=settings.yookassa_shop_id,
                key=settings.yookassa_key,
                currencies=settings.yookassa_takes,
            )
            return YooKassaProvider(client, settings.yookassa_api, shop)
        case "sandbox":
            secret = settings.sandbox_webhook_secret.get_secret_value()
            return SandboxProvider(client, settings.sandbox_url, secret)
