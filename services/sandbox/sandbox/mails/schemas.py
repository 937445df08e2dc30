"""Shapes the sink's requests and answers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from kit.web.schemas import Model
from sandbox.mails.box import TakenMail

_EXAMPLE: dict[str, Any] = {
    "id": "0197a1e2-4c1d-7d12-9e6f-4a5b6c7d8e09",
    "received_at": "2026-01-31T12:00:06Z",
    "sender": "no-reply@saldo.example",
    "recipients": ["bob@example.com"],
    "subject": "Money received",
    "text": "You received 150.00 RUB from alice.",
}

# Longer than any address; lower case, as it is compared.
Recipient = Annotated[
    str, StringConstraints(min_length=1, max_length=320, to_lower=True, strip_whitespace=True)
]
RefusalCode = (
    Annotated[int, Field(ge=400, le=599)]
    | Annotated[str, Field(pattern=r"^[45][0-9]{2} [45]\.[0-9]{1,3}\.[0-9]{1,3}$")]
)


class MailAnswer(Model):
    """A mail that the sink has accepted."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    received_at: datetime
    sender: str
    recipients: list[str]
    subject: str
    text: str

    @classmethod
    def of(cls, mail: TakenMail) -> Self:
        """Show a mail."""
        return cls(
            id=mail.id,
            received_at=mail.received_at,
            sender=mail.sender,
            recipients=list(mail.recipients),
            subject=mail.subject,
            text=mail.text,
        )


class MailList(Model):
    """The newest mails."""

    items: list[MailAnswer]


class SinkBehaviour(Model):
    """The recipients whose mail the sink refuses."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"refuse": {"bob@example.com": "550 5.1.1", "*": 451}}]}
    )

    refuse: Annotated[
        dict[Recipient, RefusalCode],
        Field(
            max_length=100,
            description="Recipient, or `*` for everybody else → SMTP code: 4xx is temporary, 5xx is"
            " permanent; an enhanced code (RFC 3463) may follow.",
        ),
    ]
