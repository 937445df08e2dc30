"""Authenticated reads through the gateway, beside nginx as a plain proxy to the same service."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from tests.benchmarks.load import Connection, Measured, clients

_NGINX = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream wallet {{ server {wallet}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://wallet; proxy_http_version 1.1;
      proxy_set_header Connection ""; }} }}
}}
"""


@asynccontextmanager
async def nginx(folder: Path, wallet_url: str) -> AsyncIterator[str]:
    """Run nginx in front of wallet; gives its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, wallet=urlsplit(wallet_url).netloc, port=port))
    process = await asyncio.create_subprocess_exec(
        *("nginx", "-c", str(config), "-e", str(folder / "error.log"))
    )
    try:
        for _ in range(100):
            try:
                (await Connection.open(f"http://127.0.0.1:{port}")).close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def run(url: str, path: str, token: str, seconds: float, count: int = 32) -> Measured:
    """GET one path again and again with many clients."""

    async def turn(connection: Connection, _: int) -> str:
        status, body = await connection.request("GET", path, token)
        return "" if status == 200 else f"{status}: {body[:100]!r}"

    return await clients(url, count, seconds, turn)


async def wallet_path(url: str, token: str) -> str:
    """Return the path of the token owner's wallet."""
    connection = await Connection.open(url)
    _, body = await connection.request("GET", "/v1/wallets/me", token)
    connection.close()
    return f"/v1/wallets/{orjson.loads(body)['id']}"
