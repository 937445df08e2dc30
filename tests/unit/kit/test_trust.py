"""kit.trust: one store of certificates in a process, read when it is needed."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from kit.outgoing import http_client
from kit.trust import SystemTrust, system_trust
from testkit.certificates import certified


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


@asynccontextmanager
async def serving(trust: ssl.SSLContext) -> AsyncIterator[str]:
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=trust) as server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}/"


@pytest.fixture
def trust() -> SystemTrust:
    return system_trust()


def test_it_is_as_strict_as_the_standard_librarys_own(trust: SystemTrust) -> None:
    default = ssl.create_default_context()
    assert trust.verify_flags == default.verify_flags
    assert (trust.verify_mode, trust.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert trust.minimum_version == default.minimum_version


async def test_what_the_system_trusts_is_read_with_the_first_encrypted_connection(
    trust: SystemTrust, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, trusted = certified("localhost", tmp_path)
    (tmp_path / "trusted.pem").write_text(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    async with serving(server) as url, httpx.AsyncClient(verify=trust, trust_env=False) as client:
        assert trust.get_ca_certs() == []
        assert (await client.get(url)).status_code == 204
        assert len(trust.get_ca_certs()) == 1
        assert (await client.get(url)).status_code == 204


@pytest.mark.parametrize("name", ["localhost", "other.test"])
async def test_what_nobody_trusts_is_refused(name: str, tmp_path: Path) -> None:
    server, _ = certified(name, tmp_path)
    async with serving(server) as url, http_client() as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(url)


async def test_a_certificate_of_another_name_is_refused_though_it_is_trusted(
    trust: SystemTrust, tmp_path: Path
) -> None:
    server, trusted = certified("other.test", tmp_path)
    trust.load_verify_locations(cadata=trusted)
    async with serving(server) as url, httpx.AsyncClient(verify=trust, trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            await client.get(url)
