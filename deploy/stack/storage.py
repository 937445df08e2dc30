"""Starts a stack's private S3 server, and tells when it is ready."""

import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import ClassVar

from deploy.stack.accounts import UnixAccount
from deploy.stack.identity import listens
from deploy.stack.server import PrivateServer, make_folder
from deploy.stack.services import STORAGE_BUCKET, STORAGE_KEY, STORAGE_REGION

_ADDRESS = "127.0.0.1"


class StorageServer(PrivateServer):
    """Runs one server; a bucket is a folder of its data, an object a file in there."""

    name: ClassVar = "storage"
    accounts: ClassVar = ()

    @property
    def account(self) -> UnixAccount | None:
        """Who runs it: whoever runs the services, as it lies in their .venv."""
        return None

    @property
    def url(self) -> str:
        """Where services and people reach it."""
        return f"http://{_ADDRESS}:{self.port}"

    @property
    def bucket_url(self) -> str:
        """Its bucket, with the key and the secret that requests are signed with."""
        return f"http://{STORAGE_KEY}:{self.password}@{_ADDRESS}:{self.port}/{STORAGE_BUCKET}"

    def launch(self) -> None:
        """Start it without waiting for it; its bucket is there then."""
        make_folder(self.data / STORAGE_BUCKET, 0o700)
        command = [sys.executable, "-m", "nanio", "serve", "--no-access-log"]
        where = ["--host", _ADDRESS, "--port", str(self.port), "--data-dir", str(self.data)]
        credentials = {"NANIO_ACCESS_KEY": STORAGE_KEY, "NANIO_SECRET_KEY": self.password}
        program = self.program([*command, *where, "--region", STORAGE_REGION], credentials)
        self.processes.start(program)

    def is_ready(self) -> bool:
        """Say whether it refuses, as it does with whoever signs nothing."""
        identity = self.processes.identity_of(self.name)
        if identity is None or not listens(identity.pid, self.port):
            return False
        connection = HTTPConnection(_ADDRESS, self.port, timeout=1)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == HTTPStatus.FORBIDDEN
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
