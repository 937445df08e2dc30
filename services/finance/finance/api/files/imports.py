"""Serves imports: hand a file in, see what is in it, choose, book it."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel

from finance.api.files.patience import WAITING, documented_end, in_time
from finance.api.owners import ACCEPTED, Owning
from finance.domain.files.file_jobs import FileJob, FileTask
from finance.files.formats import MEDIA_TYPES
from finance.files.readers.encodings import is_binary
from finance.refusals import (
    AccountNotYours,
    ImportBooked,
    ImportBusy,
    ImportEmpty,
    ImportFormatUnknown,
    ImportIntoLinked,
    ImportNotFound,
    ImportNotReady,
    ImportNotText,
    TooManyFileJobs,
)
from finance.repository import Accounts, FileJobs
from finance.schemas.files.exports import FileJobsQuery
from finance.schemas.files.imports import ImportAnswer, ImportChoices, ImportFormat
from finance.service.files import file_jobs as service
from finance.wiring import Wired, Wiring
from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.ids import new_id
from kit.refusals import CursorInvalid, Language, Refusal, Unavailable
from kit.web.answers import Answer
from kit.web.idempotency import idempotently, is_answered
from kit.web.identity import Caller, Identity
from kit.web.language import CallerLanguage
from kit.web.pagination import page_of
from kit.web.prefer import PreferWait
from kit.web.routes import Router
from kit.web.schemas import Page

PATH: Final = "/v1/finance/imports"
MAX_BYTES: Final = 32 * 1024 * 1024
_HAND_IN: Final = "hand_in_import"
_EXAMPLES: Final = {
    "text/csv": "Дата;Сумма;Описание\n31.01.2026;-1 234,50;Пятёрочка\n",
    "application/x-ofx": "<OFX><CURDEF>RUB<ACCTID>1<STMTTRN><DTPOSTED>20260131<TRNAMT>-5.00"
    "<FITID>A1<NAME>Bread</STMTTRN></OFX>",
    "application/qif": "!Type:Bank\nD01/31/2026\nT-5.00\nPBread\n^\n",
}
_DOCUMENTED: Final[dict[str, Any]] = {
    name: {"schema": {"type": "string"}, "example": example} for name, example in _EXAMPLES.items()
}

router = Router(tags=["imports"], scope="finance")


class _FileNamed(BaseModel):
    """Says which file is handed in, and what for: what an Idempotency-Key stands for."""

    account_id: UUID
    format: str
    sha256: str


@router.post(
    PATH,
    access="user",
    operation_id=_HAND_IN,
    answer_headers=(LOCATION,),
    summary="Hand a bank's file in",
    description="CSV, OFX or QIF of up to 32 MiB and 200,000 lines. It is read in the background"
    " and nothing is booked yet: look at the answer's address for how it was read, what is new,"
    " and each bad line; choose otherwise (PATCH), then book it. Lines that are on the account"
    " already are left out, so that the same file can be handed in again." + WAITING,
    status_code=202,
    response_model=ImportAnswer,
    responses=documented_end(ImportAnswer),
    takes_turn=False,
    is_idempotent=True,
    max_body_bytes=MAX_BYTES,
    refusals=(
        AccountNotYours,
        ImportIntoLinked,
        ImportFormatUnknown,
        ImportNotText,
        ImportEmpty,
        TooManyFileJobs,
    ),
    openapi_extra={"requestBody": {"required": True, "content": _DOCUMENTED}},
)
async def hand_in_import(  # noqa: PLR0913, PLR0917 (one for each part of the request)
    request: Request,
    caller: Caller,
    owner: Owning,
    wired: Wired,
    language: CallerLanguage,
    wait: PreferWait,
    account_id: Annotated[UUID, Query(description="Where its lines are to be booked.")],
    format: Annotated[  # noqa: A002 - as exports call it
        ImportFormat | None, Query(description="By default what the content type says.")
    ] = None,
) -> Answer:
    """Store the file, and order it to be read."""
    name = format or _format_of(request)
    await _require_place(request, caller, wired, account_id)
    file = await _HandedIn.begun(request)
    job_id = new_id()
    key = f"imports/{job_id}.{name}"
    await wired.storage.put(key, file.chunks(), media_type="text/plain", name=f"import.{name}")
    named = _FileNamed(account_id=account_id, format=name, sha256=file.digest.hexdigest())

    async def work(uow: UnitOfWork) -> Answer:
        now = uow.clock.now()
        job = FileJob(
            id=job_id,
            user_id=owner.user_id,
            task=FileTask.CHECK,
            format=name,
            options={"default_zone": owner.time_zone},
            account_id=account_id,
            object_key=key,
            size=file.size,
            sha256=named.sha256,
            created_at=now,
            updated_at=now,
            expires_at=now + wired.settings.export_ttl,
        )
        await service.order(uow, job, most=wired.settings.most_open_files)
        return _answer(job, language)

    try:
        answer = await idempotently(request, caller, operation=_HAND_IN, body=named, work=work)
    except Refusal:  # nothing was stored; of other errors nobody knows
        await _drop(wired, key)
        raise
    if answer.is_repeated:
        await _drop(wired, key)
    return await in_time(answer, wait, caller, wired, _shown_in(language))


@router.get(
    PATH,
    access="user",
    operation_id="list_imports",
    summary="List one's imports",
    description="Newest first.",
    response_model=Page[ImportAnswer],
    refusals=(CursorInvalid,),
)
async def list_imports(
    query: Annotated[FileJobsQuery, Query()],
    caller: Caller,
    wired: Wired,
    language: CallerLanguage,
) -> Page[ImportAnswer]:
    """Show a page of the caller's imports."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_imports", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await FileJobs(connection).page(
            caller.user,
            are_exports=False,
            status=query.wanted,
            span=query.span,
            after=after,
            limit=query.limit + 1,
        )
    return page_of(
        Page[ImportAnswer],
        found,
        lambda job: ImportAnswer.of(job, language),
        limit=query.limit,
        cursors=cursors,
    )


@router.get(
    f"{PATH}/{{import_id}}",
    access="owner",
    operation_id="get_import",
    summary="Show how a file was read, and what is in it",
    response_model=ImportAnswer,
    refusals=(ImportNotFound,),
)
async def get_import(
    import_id: UUID, caller: Caller, wired: Wired, language: CallerLanguage
) -> ImportAnswer:
    """Show one import of the caller."""
    async with wired.database.read() as connection:
        job = await FileJobs(connection).get(import_id)
    if job is None or job.user_id != caller.user or not job.is_import:
        raise ImportNotFound
    return ImportAnswer.of(job, language)


@router.patch(
    f"{PATH}/{{import_id}}",
    access="owner",
    operation_id="choose_import_reading",
    answer_headers=(LOCATION,),
    summary="Choose how a file is read, and read it again",
    description="Fields that are given are taken as they are, null is guessed again." + WAITING,
    status_code=202,
    response_model=ImportAnswer,
    responses=documented_end(ImportAnswer),
    takes_turn=False,
    refusals=(ImportNotFound, ImportBusy, ImportBooked),
)
async def choose_import_reading(  # noqa: PLR0913, PLR0917 (one for each part of the request)
    import_id: UUID,
    body: ImportChoices,
    caller: Caller,
    wired: Wired,
    language: CallerLanguage,
    wait: PreferWait,
) -> Answer:
    """Check one import of the caller again."""
    choices = body.model_dump(mode="json", exclude_unset=True)
    async with wired.database.unit_of_work() as uow:
        job = await service.reread(uow, caller.user, import_id, choices)
    return await in_time(_answer(job, language), wait, caller, wired, _shown_in(language))


@router.post(
    f"{PATH}/{{import_id}}/book",
    access="owner",
    operation_id="book_import",
    answer_headers=(LOCATION,),
    summary="Book what a file holds",
    description="All lines that are new and not faulty, in the background; a category counts where"
    " one has one of that name." + WAITING,
    status_code=202,
    response_model=ImportAnswer,
    responses=documented_end(ImportAnswer),
    takes_turn=False,
    is_idempotent=True,
    refusals=(ImportNotFound, ImportBusy, ImportNotReady, ImportBooked),
)
async def book_import(  # noqa: PLR0913, PLR0917 (one for each part of the request)
    request: Request,
    import_id: UUID,
    caller: Caller,
    wired: Wired,
    language: CallerLanguage,
    wait: PreferWait,
) -> Answer:
    """Book one import of the caller."""

    async def work(uow: UnitOfWork) -> Answer:
        return _answer(await service.book(uow, caller.user, import_id), language)

    accepted = await idempotently(request, caller, operation="book_import", body=None, work=work)
    return await in_time(accepted, wait, caller, wired, _shown_in(language))


@router.delete(
    f"{PATH}/{{import_id}}",
    access="owner",
    operation_id="delete_import",
    summary="Delete an import and its file",
    description="What it has booked stays.",
    refusals=(ImportNotFound,),
)
async def delete_import(import_id: UUID, caller: Caller, wired: Wired) -> None:
    """Delete one import of the caller."""
    async with wired.database.unit_of_work() as uow:
        await service.delete(uow, caller.user, import_id, is_import=True)


@dataclass(slots=True)
class _HandedIn:
    """A file on its way into the storage: counted and hashed, and no archive."""

    beginning: bytes
    rest: AsyncIterator[bytes]
    size: int = 0
    digest: Any = field(default_factory=sha256)

    @classmethod
    async def begun(cls, request: Request) -> Self:
        """Return a file of which the beginning has come.

        Raises:
            ImportEmpty: there is none.
            ImportNotText: it begins as no text does.
        """
        stream = request.stream()
        async for chunk in stream:
            if is_binary(chunk):
                raise ImportNotText
            if chunk:
                return cls(chunk, stream)
        raise ImportEmpty

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file as it comes.

        Raises:
            BodyTooLarge: there is more of it than may be.
        """
        yield self._passed(self.beginning)
        async for chunk in self.rest:
            yield self._passed(chunk)

    def _passed(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        self.digest.update(chunk)
        return chunk


def _format_of(request: Request) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise ImportFormatUnknown
    return MEDIA_TYPES[media_type]


async def _require_place(
    request: Request, caller: Identity, wired: Wiring, account_id: UUID
) -> None:
    """Refuse all that can be known to be refused before the file is taken."""
    is_repeated = await is_answered(request, caller, operation=_HAND_IN)
    async with wired.database.read() as connection:
        account = await Accounts(connection).find(caller.user, account_id)
        if account is None:
            raise AccountNotYours("query/account_id")
        if account.wallet_id is not None:
            raise ImportIntoLinked
        if not is_repeated:
            most = wired.settings.most_open_files
            await service.require_place(connection, caller.user, most=most)


async def _drop(wired: Wiring, key: str) -> None:
    """Delete a file that no import has; where it stays, the bucket's rule ends it."""
    with suppress(Unavailable):
        await wired.storage.delete(key)


def _shown_in(language: Language) -> Callable[[FileJob], ImportAnswer]:
    return lambda job: ImportAnswer.of(job, language)


def _answer(job: FileJob, language: Language) -> Answer:
    return Answer(ACCEPTED, ImportAnswer.of(job, language), {LOCATION: f"{PATH}/{job.id}"})
