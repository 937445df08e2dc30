"""Shapes what the API of imports takes and gives."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from finance.domain.files.file_jobs import FileJob, FileStatus, FileTask
from finance.files.readers.lines import FAULTS
from finance.schemas.files.exports import FileProgress
from kit.refusals import Language
from kit.web.schemas import Model

ImportFormat = Literal["csv", "ofx", "qif"]
ImportStatus = Literal["checking", "checked", "booking", "booked", "failed", "expired"]
_Encoding = Literal["utf-8", "utf-16", "cp1251", "cp866", "koi8-r", "cp1252"]
_Named = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Held = Literal[
    "date",
    "amount",
    "debit",
    "credit",
    "description",
    "note",
    "category",
    "tags",
    "currency",
    "at",
    "account",
    "type",
    "status",
    "id",
]

_CHOICES: Final[dict[str, Any]] = {
    "date_order": "dmy",
    "mapping": {"date": "Дата операции", "amount": "Сумма", "description": "3"},
}
CHECKED: Final[dict[str, Any]] = {
    "id": "019a2f70-0000-7000-8000-0000000000f1",
    "account_id": "019a2f70-0000-7000-8000-0000000000a1",
    "format": "csv",
    "status": "checked",
    "progress": {"rows": 214, "total": 214},
    "encoding": "cp1251",
    "delimiter": ";",
    "date_order": "dmy",
    "decimal": ",",
    "header_line": 4,
    "columns": ["Дата операции", "Сумма", "Описание"],
    "mapping": {"date": "Дата операции", "amount": "Сумма", "description": "Описание"},
    "ambiguous": [],
    "accounts": [],
    "counts": {"new": 210, "known": 3, "faulty": 1, "booked": 0},
    "faults": [{"line": 17, "code": "amount_malformed", "detail": "This is no amount."}],
    "preview": [
        {
            "line": 5,
            "date": "2026-01-31",
            "amount": "-1234.50",
            "currency": "RUB",
            "description": "Пятёрочка",
            "category": "Супермаркеты",
        }
    ],
    "failure": None,
    "created_at": "2026-02-01T09:00:00Z",
    "ended_at": "2026-02-01T09:00:01Z",
    "expires_at": "2026-02-02T09:00:01Z",
}


class ImportChoices(Model):
    """How a file is to be read; what is left out is as it was, null is guessed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CHOICES]})

    encoding: _Encoding | None = None
    delimiter: Literal[";", ",", "\t", "|"] | None = None
    date_order: Literal["ymd", "dmy", "mdy"] | None = None
    decimal: Literal[",", "."] | None = None
    mapping: dict[_Held, _Named] | None = Field(
        None, description="The column of each thing, by its name or its number from 1."
    )
    only_account: _Named | None = Field(
        None, description="Of a file of several accounts, the one that is taken."
    )


class ImportCounts(Model):
    """How many lines a file has of each kind."""

    new: int = Field(description="Not on the account yet.")
    known: int = Field(description="On the account already: they are left out.")
    faulty: int
    booked: int


class ImportFault(Model):
    """A line that can't be booked."""

    line: int
    code: str
    detail: str


class ImportPreview(Model):
    """A line as it would be booked; below zero is an expense."""

    line: int
    date: date
    amount: str
    currency: str
    description: str
    category: str


class ImportAnswer(Model):
    """A file that was handed in: how it was read, and what is in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHECKED]})

    id: UUID
    account_id: UUID
    format: ImportFormat
    status: ImportStatus
    progress: FileProgress
    encoding: str | None
    delimiter: str | None
    date_order: str | None
    decimal: str | None
    header_line: int | None
    columns: list[str]
    mapping: dict[str, str]
    ambiguous: list[str] = Field(
        description="What must be chosen before it is booked: `date`, `amount` (no column was"
        " found), `date_order`, `decimal`."
    )
    accounts: list[str] = Field(description="The accounts that the file names.")
    counts: ImportCounts
    faults: list[ImportFault] = Field(description="The first thousand of them.")
    preview: list[ImportPreview] = Field(description="The first lines.")
    failure: str | None = Field(description="A stable code of why it can't be read.")
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None = Field(description="When the file is deleted.")

    @classmethod
    def of(cls, job: FileJob, language: Language) -> "ImportAnswer":
        """Return an import as its owner sees it."""
        found = job.result
        return cls.model_construct(
            id=job.id,
            account_id=cast("UUID", job.account_id),
            format=cast("ImportFormat", job.format),
            status=_status(job),
            progress=FileProgress.of(job),
            encoding=found.get("encoding"),
            delimiter=found.get("delimiter"),
            date_order=found.get("date_order"),
            decimal=found.get("decimal"),
            header_line=found.get("header_line"),
            columns=found.get("columns", []),
            mapping=found.get("mapping", {}),
            ambiguous=found.get("ambiguous", []),
            accounts=found.get("accounts", []),
            counts=_counts(found),
            faults=[_fault(line, code, language) for line, code in found.get("faults", [])],
            preview=[ImportPreview.model_validate(one) for one in found.get("preview", [])],
            failure=job.failure,
            created_at=job.created_at,
            ended_at=job.ended_at,
            expires_at=job.expires_at,
        )


def _status(job: FileJob) -> ImportStatus:
    if job.status in {FileStatus.FAILED, FileStatus.EXPIRED}:
        return "failed" if job.status is FileStatus.FAILED else "expired"
    is_booked = job.task is FileTask.BOOK
    if job.is_open:
        return "booking" if is_booked else "checking"
    return "booked" if is_booked else "checked"


def _counts(found: Mapping[str, Any]) -> ImportCounts:
    names = ("new", "known", "faulty", "booked")
    return ImportCounts.model_construct(**{name: found.get(name, 0) for name in names})


def _fault(line: int, code: str, language: Language) -> ImportFault:
    en, ru = FAULTS[code]
    detail = ru if language == "ru" else en
    return ImportFault.model_construct(line=line, code=code, detail=detail)
