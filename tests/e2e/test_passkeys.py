"""Passkeys in a real browser: Chromium, with a virtual authenticator, through the gateway."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from deploy.stack import Stack

from testkit import browser
from testkit.browser import BrowserPage
from testkit.people import Person

pytestmark = pytest.mark.skipif(not browser.is_installed(), reason="there is no Chromium here")

CREATE = """navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(%s)
}).then(made => made.toJSON())"""
SIGN = """navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(%s)
}).then(signed => signed.toJSON())"""


async def sign_in(page: BrowserPage, http: httpx.AsyncClient) -> httpx.Response:
    """Log in by whatever passkey the browser has."""
    begun = await http.post("/v1/auth/login/passkey/begin", json={})
    credential = await page.run(SIGN % json.dumps(begun.json()["options"]))
    return await http.post("/v1/auth/login/passkey", json={"credential": credential})


async def add(page: BrowserPage, person: Person) -> dict[str, Any]:
    """Make a passkey in the browser, and add it to a user."""
    begun = await person.post("/v1/auth/passkeys/begin")
    credential = await page.run(CREATE % json.dumps(begun.json()["options"]))
    added = await person.post("/v1/auth/passkeys", {"name": "Chromium", "credential": credential})
    assert added.status_code == 201, added.text
    shown: dict[str, Any] = added.json()
    return shown


async def test_a_browser_makes_a_passkey_logs_in_by_it_and_its_copy_is_refused(
    stack: Stack, http: httpx.AsyncClient, alice: Person, tmp_path: Path
) -> None:
    url = f"http://localhost:{urlsplit(stack.gateway_url).port}/"
    async with browser.page(url, tmp_path) as page:
        device = await page.add_authenticator()
        assert await page.run("window.isSecureContext") is True
        await add(page, alice)
        [held] = (await page.call("WebAuthn.getCredentials", authenticatorId=device))["credentials"]

        answer = await sign_in(page, http)
        assert answer.status_code == 200, answer.text
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        me = await http.get("/v1/auth/me", headers=bearer)
        assert me.json()["username"] == alice.username
        asked = await http.post(
            "/v1/auth/login", json={"username": alice.username, "password": "correct-horse-battery"}
        )
        assert (asked.status_code, asked.json()["code"]) == (403, "otp_required")

        # A copy counts from where the device was when it was copied.
        which = {"authenticatorId": device, "credentialId": held["credentialId"]}
        await page.call("WebAuthn.removeCredential", **which)
        await page.call("WebAuthn.addCredential", authenticatorId=device, credential=held)
        copied = await sign_in(page, http)
        assert (copied.status_code, copied.json()["code"]) == (403, "passkey_refused")
