"""Keeps files in S3-compatible storage, and signs their addresses.

Knows no jobs. Buckets are made by whoever runs the storage. The library is loaded with the first
file: with two clients it takes 8 MiB, and a process may never see a file.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import structlog

from finance.settings import Settings
from kit.db.unit_of_work import a_unit_of_work_is_open
from kit.http import saved_as
from kit.outgoing import RemoteCallInUnitOfWorkError
from kit.refusals import Unavailable

if TYPE_CHECKING:
    from obstore.store import S3Store

# S3 takes parts from 5 MiB on; two of them are kept until they are sent.
_PART_BYTES: Final = 8 * 1024 * 1024
_PARTS_AT_ONCE: Final = 2
_RETRIES: Final = 2  # of a request; none begins once its time is over
# How the storage names what is wrong, as InvalidAccessKeyId; without one nobody has answered.
_CODE: Final = re.compile(r"(?:<Code>|\(code: )([A-Za-z]{1,60})")
_NO_BUCKET: Final = "NoSuchBucket"

log = structlog.get_logger(__name__)


class FileGoneError(Exception):
    """The storage has no such file."""


@dataclass(frozen=True)
class FileStorage:
    """One bucket, as services reach it, and as people do."""

    settings: Settings

    @cached_property
    def _inside(self) -> "S3Store":
        return _store(self.settings, self.settings.s3_endpoint)

    @cached_property
    def _outside(self) -> "S3Store":
        return _store(self.settings, self.settings.s3_public_url)

    async def put(
        self, key: str, chunks: AsyncIterator[bytes], *, media_type: str, name: str
    ) -> None:
        """Store a file as it comes; until its end nothing is seen of it.

        Args:
            key: Where; what lies there is replaced.
            chunks: The file.
            media_type: What it is, to whoever fetches it.
            name: What it is saved as.

        Raises:
            Unavailable: the storage does not take it.
        """
        import obstore.exceptions

        attributes = {"Content-Type": media_type, "Content-Disposition": saved_as(name)}
        _stay_outside()
        try:
            await obstore.put_async(
                self._inside,
                key,
                chunks,
                attributes=attributes,
                use_multipart=True,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        # Other errors are those of the chunks.
        except (obstore.exceptions.BaseError, FileNotFoundError) as error:
            raise _unavailable("put", error) from error

    async def read(self, key: str) -> bytes:
        """Return a file that was handed in, and is bounded.

        Raises:
            FileGoneError: there is none.
            Unavailable: the storage does not answer.
        """
        import obstore.exceptions

        _stay_outside()
        try:
            found = await obstore.get_async(self._inside, key)
            return bytes(await found.bytes_async())
        except (obstore.exceptions.BaseError, OSError) as error:
            if _is_gone(error):
                raise FileGoneError from None
            raise _unavailable("read", error) from error

    async def delete(self, key: str) -> None:
        """Delete a file; one that is gone already is no mistake.

        Raises:
            Unavailable: the storage does not answer.
        """
        import obstore.exceptions

        _stay_outside()
        try:
            await obstore.delete_async(self._inside, key)
        except (obstore.exceptions.BaseError, OSError) as error:
            if not _is_gone(error):
                raise _unavailable("delete", error) from error

    def address(self, key: str, *, good_for: timedelta) -> str:
        """Return an address by which anybody may fetch a file for a while; asks nobody."""
        import obstore

        return obstore.sign(self._outside, "GET", key, good_for)


def _unavailable(task: str, error: Exception) -> Unavailable:
    """Tell operators why, by code alone: the rest may hold names of keys."""
    log.warning("storage_failed", task=task, error=type(error).__name__, code=_code(error))
    return Unavailable()


def _is_gone(error: Exception) -> bool:
    from obstore.exceptions import NotFoundError

    is_missing = isinstance(error, FileNotFoundError | NotFoundError)
    return is_missing and _code(error) != _NO_BUCKET


def _code(error: Exception) -> str | None:
    found = _CODE.search(str(error))
    return None if found is None else found[1]


def _stay_outside() -> None:
    if a_unit_of_work_is_open():
        raise RemoteCallInUnitOfWorkError("storage")


def _store(settings: Settings, endpoint: str) -> "S3Store":
    from obstore.store import S3Store

    return S3Store(
        settings.s3_bucket,
        endpoint=endpoint,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key,
        secret_access_key=settings.s3_secret_key.get_secret_value(),
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "timeout": settings.s3_timeout,
        },
        retry_config={"max_retries": _RETRIES, "retry_timeout": settings.s3_timeout},
    )
