"""What the gateway itself costs: beside nginx, before a service that answers 1 KiB at once.

Proxies have one core, the service and the callers another.
"""

import asyncio
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.benchmarks.load import Connection, Measured, clients
from tests.benchmarks.programs import Running, free_port, program, running

PROXY_CORE, OTHER_CORE = 0, 1
PATH = "/v1/wallets/0197a8c0-5d1e-7cc3-98c4-dc0c0c073990"
STREAM = "/v1/payments/events"
_SERVICE = """
import asyncio, sys, uvicorn
BODY = b"x" * 1024
async def app(scope, receive, send):
    is_stream = scope["path"].endswith("/events")
    kind = b"text/event-stream" if is_stream else b"application/json"
    headers = [(b"content-type", kind)]
    if not is_stream:
        headers.append((b"content-length", b"1024"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY, "more_body": is_stream})
    while is_stream and (await receive())["type"] != "http.disconnect":
        pass
uvicorn.run(app, port=int(sys.argv[1]), lifespan="off", log_level="error", access_log=False)
"""
_NGINX = """
daemon off; worker_processes 1; pid {folder}/edge.pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream service {{ server {service}; keepalive 64; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://service; proxy_http_version 1.1;
      proxy_set_header Connection ""; }} }}
}}
"""


class Edge(NamedTuple):
    """The service, and the two proxies before it."""

    service: Running
    gateway: Running
    nginx: Running


@asynccontextmanager
async def opened(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Edge]:
    """Start all three, and keep this process on the callers' core.

    Args:
        folder: For nginx.
        environment: What the stack's gateway is started with.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {OTHER_CORE})
    ports = [free_port() for _ in range(3)]
    url = f"http://127.0.0.1:{ports[0]}"
    config = folder / "edge.conf"
    config.write_text(_NGINX.format(folder=folder, service=urlsplit(url).netloc, port=ports[2]))
    told = {"WALLET_URL": url, "PAYMENTS_URL": url, "GATEWAY_PORT": str(ports[1])}
    try:
        async with AsyncExitStack() as stack:

            async def run(core: int, port: int, *command: str) -> Running:
                pinned = ("taskset", "-c", str(core), *command)
                variables = {**environment, **told}
                started = running(port, *pinned, environment=variables, ready="/health/ready")
                return await stack.enter_async_context(started)

            yield Edge(
                await run(OTHER_CORE, ports[0], sys.executable, "-c", _SERVICE, str(ports[0])),
                await run(PROXY_CORE, ports[1], sys.executable, "-m", "gateway", "all"),
                await run(
                    PROXY_CORE, ports[2], program("nginx"), "-c", str(config), "-e", "stderr"
                ),
            )
    finally:
        os.sched_setaffinity(0, cores)


async def flat_out(url: str, token: str, seconds: float, count: int = 32) -> Measured:
    """GET again and again with many clients."""

    async def turn(connection: Connection, _: int) -> str:
        status, body = await connection.request("GET", PATH, token)
        return "" if status == 200 else f"{status}: {body[:100]!r}"

    return await clients(url, count, seconds, turn)


async def paced(url: str, token: str, seconds: float, rate: float = 100.0) -> Measured:
    """GET at a steady rate, one after the other."""
    measured = Measured()
    connection = await Connection.open(url)
    due = began = time.perf_counter()
    while due < began + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await measured.time(connection.request("GET", PATH, token))
        due += 1 / rate
    measured.seconds = time.perf_counter() - began
    connection.close()
    return measured


@asynccontextmanager
async def held(url: str, token: str, idle: int, streams: int) -> AsyncIterator[int]:
    """Hold idle connections that have asked once, and streams; give how many were answered."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    ask = f"Host: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    writers: list[asyncio.StreamWriter] = []
    answered = 0
    for number in range(idle + streams):
        reader, writer = await asyncio.open_connection(host, port)
        path = STREAM if number >= idle else PATH
        writer.write(f"GET {path} HTTP/1.1\r\n".encode() + ask)
        answered += (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writers.append(writer)
    yield answered
    for writer in writers:
        writer.close()
