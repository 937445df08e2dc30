"""Drives Chromium by the DevTools protocol, for what only a browser does.

It opens one page, and runs scripts in it; it checks nothing.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from testkit.people import eventually

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")  # whichever is there
_START_SECONDS = 60.0
_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def is_installed() -> bool:
    """Tell whether there is a Chromium on this machine."""
    return _program() is not None


class BrowserPage:
    """Runs scripts in a page of the browser, which has no window."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = count(1)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol; return its result."""
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(await self._socket.recv())
            if told.get("id") == number:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result

    async def run(self, script: str) -> Any:
        """Run a script that is awaited in the page; return its value."""
        told = await self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def add_authenticator(self) -> str:
        """Give the browser a device that holds passkeys and knows its user; return its id."""
        await self.call("WebAuthn.enable")
        made = await self.call("WebAuthn.addVirtualAuthenticator", options=_AUTHENTICATOR)
        found: str = made["authenticatorId"]
        return found


@asynccontextmanager
async def page(url: str, folder: Path) -> AsyncIterator[BrowserPage]:
    """Open a page; its browser writes to the folder, and ends with the page."""
    program = _program()
    assert program is not None, "there is no Chromium here"
    browser = await asyncio.create_subprocess_exec(
        program,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-port=0",
        "--no-proxy-server",
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        target = await eventually(lambda: _target(folder), bool, within=_START_SECONDS)
        async with connect(target, max_size=None) as socket:
            opened = BrowserPage(socket)
            await opened.call("Page.navigate", url=url)
            await eventually(lambda: opened.run("location.href"), url.__eq__)
            yield opened
    finally:
        browser.terminate()
        await browser.wait()


def _program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


async def _target(folder: Path) -> str:
    """Return where the page listens; empty while the browser starts."""
    told = folder / "DevToolsActivePort"
    if not told.exists() or not (lines := told.read_text().split()):
        return ""
    async with httpx.AsyncClient() as client:
        found = (await client.get(f"http://127.0.0.1:{lines[0]}/json/list")).json()
    pages = [one["webSocketDebuggerUrl"] for one in found if one["type"] == "page"]
    return pages[0] if pages else ""
