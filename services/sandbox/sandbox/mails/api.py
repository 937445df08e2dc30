"""Serves the mail sink: shows its mails, and sets whom it refuses."""

from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse

from kit.web.routes import Router
from kit.web.state import from_state
from sandbox.mails.box import Box
from sandbox.mails.page import page
from sandbox.mails.schemas import MailAnswer, MailList, Recipient, SinkBehaviour
from sandbox.sheet import HEADERS

router = Router(tags=["mail"])


Sink = Annotated[Box, from_state("mails")]
To = Annotated[Recipient | None, Query(description="Only mails to this address.")]
MailLimit = Annotated[int, Query(ge=1, le=300, description="How many mails at most.")]


@router.get(
    "/sandbox/mails",
    access="public",
    operation_id="list_mails",
    summary="List the last mails, newest first",
)
async def list_mails(sink: Sink, to: To = None, limit: MailLimit = 50) -> MailList:
    """List mails as JSON."""
    return MailList(items=[MailAnswer.of(mail) for mail in sink.mails(to, limit)])


@router.get(
    "/sandbox/mail",
    access="public",
    operation_id="show_mails",
    summary="Show the last mails as a page",
    response_class=HTMLResponse,
)
async def show_mails(sink: Sink, to: To = None, limit: MailLimit = 50) -> HTMLResponse:
    """Show mails as a page with links to click."""
    return HTMLResponse(page(sink.mails(to, limit)), headers=HEADERS)


@router.get(
    "/sandbox/mails/behaviour",
    access="public",
    operation_id="get_sink",
    summary="Get the recipients whose mail is refused",
)
async def get_sink(sink: Sink) -> SinkBehaviour:
    """Show the behaviour."""
    return SinkBehaviour(refuse=dict(sink.refuse))


@router.put(
    "/sandbox/mails/behaviour",
    access="public",
    operation_id="set_sink",
    summary="Refuse mail to some recipients, temporarily or permanently",
)
async def set_sink(body: SinkBehaviour, sink: Sink) -> SinkBehaviour:
    """Replace the behaviour; an empty map accepts every mail again."""
    sink.refuse = body.refuse
    return body
