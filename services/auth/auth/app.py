"""Composes auth; every choice of a part is made here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, cast

import httpx

from auth import refusals
from auth.api import ROUTERS
from auth.clients.services import ClosingClient
from auth.crypto.forms import FormSeal
from auth.crypto.hashing import PasswordHasher
from auth.crypto.passkeys import RelyingParty
from auth.crypto.signing import TokenSigner
from auth.crypto.vault import KeyVault
from auth.loops import purge
from auth.loops.deletions import DeletionWorker
from auth.loops.revocations import Revoker
from auth.loops.rotation import KeyRotation
from auth.loops.seals import Sealer
from auth.messages import ROUTES
from auth.repository import Users
from auth.service.audit import record
from auth.service.factors.proofs import Checker
from auth.service.keys import load_keys
from auth.settings import Settings
from auth.wiring import Wiring
from contracts import payments as of_payments
from contracts import wallet as of_wallet
from kit.clock import Clock
from kit.outgoing import http_client
from kit.refusals import catalogue
from kit.runtime import Service
from kit.tasks import for_ever, spawn, stop
from kit.web.app import create_app

NAME: Final = "auth"
_DESCRIPTION: Final = """
Users, activation, login, tokens and sessions.

`POST /v1/auth/register`, open the link of the answer, `POST /v1/auth/login`, and send the access
token as `Authorization: Bearer …`. The button “Authorize” does the last two for this page.
"""
_TAGS: Final = (
    {"name": "registration", "description": "Registration and activation."},
    {"name": "tokens", "description": "Login, refresh, logout."},
    {"name": "clients", "description": "Login for front ends of others: OAuth 2, code and PKCE."},
    {"name": "passwords", "description": "Changed and forgotten passwords."},
    {"name": "emails", "description": "Changes of one's e-mail address."},
    {"name": "factors", "description": "Second factors, passkeys, and stepping up."},
    {"name": "me", "description": "One's own user."},
    {"name": "sessions", "description": "Live logins."},
    {"name": "API keys", "description": "Keys for programs."},
    {"name": "users", "description": "Administration of users."},
    {
        "name": "audit",
        "description": "Acts of administrators, in every service, and events of users.",
    },
    {"name": "internal", "description": "For other services; not routed by the gateway."},
)


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""
    web = create_app(
        name=NAME,
        title="Saldo auth",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals, of_payments, of_wallet),
        routers=ROUTERS,
        tags=_TAGS,
    )
    web.state.record_audit = record
    return Service(
        name=NAME,
        settings=settings,
        web=web,
        routes=ROUTES,
        background=(
            ("leaving", _finish_deletions),
            ("pending", _delete_pending),
            ("purge", _purge),
            ("seals", _seal),
        ),
        resources=(wired, _rotating),
    )


@asynccontextmanager
async def wired(service: Service) -> AsyncIterator[None]:
    """Open what only auth has, and wire it to what the runtime has opened."""
    state, settings = service.state, cast("Settings", service.settings)
    vault = KeyVault(*settings.key_secrets)
    party = RelyingParty(settings.party_id, settings.origins)
    client = http_client()
    async with state.database.unit_of_work() as uow:
        keys = await load_keys(uow, vault, state.clock.now())
        await Users(uow).fill_skeletons()
    lifetime = settings.access_token_lifetime
    signer = TokenSigner(
        keys,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        lifetime=lifetime,
        kept=settings.key_rules.token_lifetime,
    )
    state.wiring = Wiring(
        settings=settings,
        database=state.database,
        hasher=PasswordHasher(queue=settings.hash_queue),
        signer=signer,
        vault=vault,
        forms=FormSeal(*settings.key_secrets),
        party=party,
        checker=Checker(vault, party),
        key_rotation=KeyRotation(state.database, vault, signer, settings.key_rules),
        revoker=Revoker(state.redis, state.database, state.clock, lifetime=lifetime),
        deletion_worker=DeletionWorker(
            state.database, state.clock, _closing_client(client, signer, settings, state.clock)
        ),
    )
    revoker = state.wiring.revoker
    state.tokens.when_revocations_are_lost(revoker.something_is_missing)
    revoking = [spawn(for_ever("revocations", revoker.catch_up), "auth.revocations")]
    try:
        yield
    finally:
        await stop(revoking)
        await client.aclose()
        state.wiring.hasher.close()


@asynccontextmanager
async def _rotating(service: Service) -> AsyncIterator[None]:
    """Keep the signer's keys those of the table, also in a process without loops."""
    rotation = spawn(service.state.wiring.key_rotation.run(), "auth.rotation")
    try:
        yield
    finally:
        await stop([rotation])


async def _finish_deletions(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await wiring.deletion_worker.run()


async def _delete_pending(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    days = wiring.settings.pending_days
    await wiring.deletion_worker.run_for_pending(timedelta(days=days))


async def _purge(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await purge.run(wiring.database)


async def _seal(service: Service) -> None:
    wiring: Wiring = service.state.wiring
    await Sealer(wiring.database).run()


def _closing_client(
    client: httpx.AsyncClient, signer: TokenSigner, settings: Settings, clock: Clock
) -> ClosingClient:
    lifetime = timedelta(seconds=settings.service_token_seconds)
    return ClosingClient(
        client,
        lambda: signer.for_service(f"svc:{NAME}", lifetime, clock.now()),
        payments=settings.payments_url,
        wallet=settings.wallet_url,
    )
