"""Builds the provider that the settings choose."""

import httpx

from payments.providers.protocol import PaymentProvider
from payments.providers.sandbox import SandboxProvider
from payments.providers.stripe import StripeProvider
from payments.providers.yookassa import Shop, YooKassaProvider
from payments.providers.yookassa_receipts import Receipts
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
                receipts=_receipts(settings),
            )
            return YooKassaProvider(client, settings.yookassa_api, shop)
        case "sandbox":
            secret = settings.sandbox_webhook_secret.get_secret_value()
            return SandboxProvider(client, settings.sandbox_url, secret)


def _receipts(settings: Settings) -> Receipts | None:
    if not settings.yookassa_receipts:
        return None
    return Receipts(
        vat_code=settings.yookassa_vat_code,
        tax_system=settings.yookassa_tax_system,
        subject=settings.yookassa_payment_subject,
        mode=settings.yookassa_payment_mode,
        email=settings.yookassa_receipt_email,
    )
