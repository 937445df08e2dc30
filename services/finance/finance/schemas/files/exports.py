"""Shapes what the API of exports takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self, cast
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from finance.domain.dates.calendar import Granularity
from finance.domain.dates.periods import FIRST_DAY, LAST_DAY
from finance.domain.files.exports import OPTIONS, ExportedReport
from finance.domain.files.file_jobs import FileJob, FileStatus
from finance.domain.transactions.transactions import TransactionType
from finance.files.formats import TABLES
from finance.schemas.texts import BookZone
from kit.web.fields import refuse_field
from kit.web.queries import SpanQuery
from kit.web.schemas import Model
from kit.web.times import RangeEdge

ExportFormat = Literal["csv", "xlsx", "json", "ofx", "qif", "hledger", "beancount"]
FileStatusShown = Literal["queued", "running", "done", "failed", "expired"]

_MONTH: Final[dict[str, Any]] = {"from": "2026-01-01", "to": "2026-01-31"}
_ASKED: Final[dict[str, Any]] = {"format": "csv", **_MONTH, "bom": True}
_REPORT_ASKED: Final[dict[str, Any]] = {
    "format": "xlsx",
    "report": "summary",
    **_MONTH,
    "compare": True,
}
QUEUED: Final[dict[str, Any]] = {
    "id": "019a2f70-0000-7000-8000-0000000000e1",
    "format": "csv",
    "report": "transactions",
    "status": "queued",
    "progress": {"rows": 0, "total": None},
    "url": None,
    "size": None,
    "sha256": None,
    "failure": None,
    "created_at": "2026-02-01T09:00:00Z",
    "ended_at": None,
    "expires_at": "2026-02-02T09:00:00Z",
}
DONE: Final[dict[str, Any]] = QUEUED | {
    "status": "done",
    "progress": {"rows": 1200, "total": 1200},
    "url": "https://files.example/saldo/exports/019a2f70/1?X-Amz-Signature=5bb1f0",
    "size": 148203,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "ended_at": "2026-02-01T09:00:02Z",
    "expires_at": "2026-02-02T09:00:02Z",
}


def _day(edge: date | datetime) -> date:
    """Refuse a moment: balances around a file are those of days."""
    if isinstance(edge, datetime):
        raise refuse_field(
            "malformed", "Must be a day such as 2026-01-31.", "Должен быть день: 2026-01-31."
        )
    if not FIRST_DAY <= edge <= LAST_DAY:
        raise refuse_field(
            "date_out_of_range",
            f"Days are from {FIRST_DAY} to {LAST_DAY}.",
            f"Дни — с {FIRST_DAY} по {LAST_DAY}.",
        )
    return edge


_ExportDay = Annotated[RangeEdge, AfterValidator(_day)]
_SHAPING: Final = tuple(sorted(frozenset[str]().union(*OPTIONS.values())))


class ExportRequest(Model):
    """A file to make of one's transactions, or of a report of them.

    What is left out is not narrowed; a report without days is of the present month.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [_ASKED, _REPORT_ASKED]}, populate_by_name=True
    )

    format: ExportFormat = Field("csv", description="A report is a table: csv, xlsx or json.")
    report: ExportedReport = Field(
        ExportedReport.TRANSACTIONS,
        description="Reports have the figures of `/v1/finance/reports/…` as rows, each with the"
        " days that it is of (`from`, `to`; of net worth its `date`) and its currency.",
    )
    begin: _ExportDay | None = Field(None, alias="from")
    end: _ExportDay | None = Field(None, alias="to", description="Included as a whole.")
    tz: BookZone | None = Field(
        None, description="IANA time zone of the days; by default the book's."
    )
    account_id: UUID | None = None
    category_id: UUID | None = Field(None, description="Of transactions.")
    type: TransactionType | None = Field(None, description="Of transactions.")
    by: Granularity | None = Field(
        None, description="Of `series` and `net-worth`; by default what fits the days."
    )
    level: Literal["own", "top"] = Field(
        "own",
        description="Of `by-category`; `top`: what is in a category counts in the topmost one.",
    )
    compare: bool = Field(
        default=False, description="Of `summary`: rows of the period before follow."
    )
    bom: bool = Field(
        default=False, description="Of CSV: begin with a byte order mark, which Excel asks for."
    )
    email: bool = Field(default=False, description="Also tell by mail once it is ready.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.report is not ExportedReport.TRANSACTIONS and self.format not in TABLES:
            raise refuse_field(
                "format_unfit",
                "A report is made as csv, xlsx or json.",
                "Отчёт выгружается в csv, xlsx или json.",
                field="format",
            )
        for name in _SHAPING:
            is_given = getattr(self, name) != type(self).model_fields[name].default
            if is_given and name not in OPTIONS[self.report]:
                raise refuse_field(
                    "option_unfit",
                    "What is exported has no such option.",
                    "У выгружаемого нет такого параметра.",
                    field=name,
                )
        return self

    def options(self, default_zone: str) -> dict[str, Any]:
        """Return what is asked for as a job keeps it."""
        said = self.model_dump(mode="json", by_alias=True, exclude={"format", "email"})
        return {**said, "is_mailed": self.email, "default_zone": default_zone}


class FileProgress(Model):
    """How far a file is."""

    rows: int
    total: int | None = Field(description="Null until it is known.")

    @classmethod
    def of(cls, job: FileJob) -> "FileProgress":
        """Return how far a job is."""
        return cls.model_construct(rows=job.rows, total=job.total)


class ExportAnswer(Model):
    """A file that was ordered."""

    model_config = ConfigDict(json_schema_extra={"examples": [DONE]})

    id: UUID
    format: ExportFormat
    report: ExportedReport
    status: FileStatusShown
    progress: FileProgress
    url: str | None = Field(
        description="Where the file is, to whoever has this address, until `expires_at`; signed"
        " anew each time it is shown."
    )
    size: int | None = Field(description="In bytes.")
    sha256: str | None
    failure: str | None = Field(
        description="A stable code of why it could not be made, as `range_too_long`."
    )
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None = Field(description="When the file is deleted.")

    @classmethod
    def of(cls, job: FileJob, url: str | None) -> "ExportAnswer":
        """Return an export as its owner sees it."""
        return cls.model_construct(
            id=job.id,
            format=cast("ExportFormat", job.format),
            report=ExportedReport(job.options["report"]),
            status=cast("FileStatusShown", job.status.value),
            progress=FileProgress.of(job),
            url=url,
            size=job.size,
            sha256=job.sha256,
            failure=job.failure,
            created_at=job.created_at,
            ended_at=job.ended_at,
            expires_at=job.expires_at,
        )


class FileJobsQuery(SpanQuery):
    """Filters and page of exports or imports, by when they were ordered."""

    status: FileStatusShown | None = None

    @property
    def wanted(self) -> FileStatus | None:
        """The status as the repository takes it."""
        return None if self.status is None else FileStatus(self.status)
