"""Debian's nginx with the files of deploy/nginx, and a gateway that trusts it, beside the stack."""

import contextlib
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from deploy.bootstrap import ROOT
from deploy.stack import Stack
from deploy.stack.environment import surroundings
from deploy.stack.ports import is_open, settle
from deploy.stack.processes import Program

GATEWAY, NGINX = "edge-gateway", "nginx"
# Addresses of this machine; nginx itself comes to the gateway from 127.0.0.1.
SOMEWHERE, ELSEWHERE = "127.0.0.3", "127.0.0.4"


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost that signs itself, and who trusts it."""

    path: Path
    key: Path

    @classmethod
    def made(cls, folder: Path) -> "Certificate":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        certificate = cls(folder / "certificate.pem", folder / "key.pem")
        certificate.path.write_bytes(made.public_bytes(pem))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        certificate.key.write_bytes(key.private_bytes(pem, form, plain))
        return certificate

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.path)


@dataclass
class Edge:
    """nginx, and a gateway that trusts it, beside those of the stack."""

    stack: Stack
    folder: Path
    certificate: Certificate
    ports: dict[str, int] = field(default_factory=dict)

    def prepare(self) -> None:
        for name in ("gateway", "http", "https"):
            settle(self.ports, name)

    def start_gateway(self) -> None:
        told = {
            "GATEWAY_PORT": str(self.ports["gateway"]),
            "GATEWAY_TRUSTED_PROXIES": '["127.0.0.1/32"]',
            "GATEWAY_BODY_SECONDS": "2",
        }
        environment = self.stack.env_of("gateway") | told
        self.run(GATEWAY, [sys.executable, "-m", "gateway", "all"], environment, "gateway")
        # Its port is open before it has the keys of tokens: until then who is logged in gets a 503.
        self.stack.processes.wait_until(GATEWAY, self.is_ready, 60, "was not ready")

    def is_ready(self) -> bool:
        """Whether the gateway can tell who calls."""
        url = f"http://127.0.0.1:{self.ports['gateway']}/health/ready"
        return httpx.get(url, trust_env=False).is_success

    def start_nginx(self, *, tls: bool, upstream: int | None = None, **chosen: str) -> None:
        """Start it; `chosen` are what start.sh takes, as `silence` for EDGE_SILENCE."""
        told = {
            "EDGE_UPSTREAM": f"127.0.0.1:{upstream or self.ports['gateway']}",
            "EDGE_HTTP": f"127.0.0.1:{self.ports['http']}",
            "EDGE_HTTPS": f"127.0.0.1:{self.ports['https']}",
            "EDGE_PUBLIC_HTTPS": str(self.ports["https"]),
            "EDGE_FOLDER": str(self.folder / "nginx"),
            **{f"EDGE_{name.upper()}": value for name, value in chosen.items()},
        }
        if tls:
            told |= {
                "EDGE_CERTIFICATE": str(self.certificate.path),
                "EDGE_KEY": str(self.certificate.key),
            }
        start = ["sh", str(ROOT / "deploy" / "nginx" / "start.sh")]
        self.run(NGINX, start, surroundings() | told, "https" if tls else "http")

    def run(self, name: str, command: list[str], environment: dict[str, str], port: str) -> None:
        self.end(name)
        self.stack.processes.start(Program(name, command, environment, self.folder))
        self.stack.processes.wait_until(name, lambda: is_open(self.ports[port]), 60, "took nothing")

    def end(self, name: str) -> None:
        self.stack.processes.end(name, signal.SIGTERM, 20)

    @property
    def plain(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    @property
    def secure(self) -> str:
        return f"https://127.0.0.1:{self.ports['https']}"

    def lines(self) -> list[dict[str, Any]]:
        """What nginx has logged of requests."""
        log = self.stack.log_of(NGINX).read_text().splitlines()
        return [orjson.loads(line) for line in log if line.startswith("{")]

    @contextlib.asynccontextmanager
    async def caller(self, url: str, address: str = SOMEWHERE) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody at `address`."""
        transport = httpx.AsyncHTTPTransport(
            local_address=address, verify=self.certificate.trusted()
        )
        async with httpx.AsyncClient(base_url=url, transport=transport, timeout=30) as client:
            yield client
