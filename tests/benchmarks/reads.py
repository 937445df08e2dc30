"""Authenticated reads through the gateway, beside nginx as a plain proxy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import orjson
from tests.benchmarks.load import Connection, Measured, clients
from tests.benchmarks.programs import free_port, program, running

_NGINX = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream wallet {{ server {wallet}; keepalive 64; }}
  upstream static {{ server 127.0.0.1:{ports[2]}; keepalive 64; keepalive_requests 100000000; }}
  keepalive_requests 100000000; proxy_http_version 1.1; proxy_set_header Connection "";
  server {{ listen 127.0.0.1:{ports[0]}; location / {{ proxy_pass http://wallet; }} }}
  server {{ listen 127.0.0.1:{ports[1]}; location / {{ proxy_pass http://static; }} }}
  server {{ listen 127.0.0.1:{ports[2]}; default_type application/json;
    location / {{ return 200 "{body}"; }} }}
}}
"""


class Nginx(NamedTuple):
    """nginx as a proxy: to wallet, and to an answer that stands in its own configuration."""

    wallet: str
    static: str


@asynccontextmanager
async def nginx(folder: Path, wallet_url: str, size: int) -> AsyncIterator[Nginx]:
    """Run nginx in front of wallet, and in front of a static answer of so many bytes."""
    ports = [free_port() for _ in range(3)]
    wallet = urlsplit(wallet_url).netloc
    text = _NGINX.format(folder=folder, wallet=wallet, ports=ports, body="x" * size)
    config = folder / "nginx.conf"
    config.write_text(text)
    command = (program("nginx"), "-c", str(config), "-e", str(folder / "error.log"))
    async with running(ports[0], *command) as proxy:
        yield Nginx(proxy.url, f"http://127.0.0.1:{ports[1]}")


async def run(url: str, path: str, token: str, seconds: float, count: int = 32) -> Measured:
    """GET one path again and again with many clients."""

    async def turn(connection: Connection, _: int) -> str:
        status, body = await connection.request("GET", path, token)
        return "" if status == 200 else f"{status}: {body[:100]!r}"

    return await clients(url, count, seconds, turn)


async def own_wallet(url: str, token: str) -> tuple[str, bytes]:
    """Return the path of the token owner's wallet, and what is answered there."""
    connection = await Connection.open(url)
    _, body = await connection.request("GET", "/v1/wallets/me", token)
    connection.close()
    return f"/v1/wallets/{orjson.loads(body)['id']}", body
