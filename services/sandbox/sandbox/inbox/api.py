"""Serves inboxes: takes webhooks, shows them, sets a secret."""

from typing import Annotated, Final

from fastapi import Path, Query, Request
from starlette.responses import HTMLResponse

from kit.refusals import BodyTooLarge, BodyUnreadable, ValidationFailed
from kit.web.answers import Answer
from kit.web.routes import Router
from kit.web.state import from_state
from sandbox.inbox.box import KEPT, LARGEST, Inbox, Inboxes
from sandbox.inbox.page import page
from sandbox.inbox.schemas import (
    InboxContents,
    InboxList,
    InboxSettings,
    InboxState,
    Taken,
    WebhookAnswer,
)
from sandbox.refusals import InboxUnknown
from sandbox.settings import Settings
from sandbox.sheet import HEADERS

router = Router(tags=["webhook inbox"])

_ADDRESS = "/sandbox/inbox/{name}"
_RAW: Final = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"description": "Any JSON; what is not JSON is kept, too."},
                "example": {"type": "payment.paid", "timestamp": "2026-01-31T12:00:05Z"},
            }
        }
    }
}
_NO_BODY: Final = frozenset({204, 205, 304})


All = Annotated[Inboxes, from_state("inboxes")]
Configured = Annotated[Settings, from_state("settings")]
InboxName = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$", examples=["mine"])]
WebhookLimit = Annotated[int, Query(ge=1, le=KEPT, description="The most webhooks to show.")]


@router.get(
    "/sandbox/inbox",
    access="public",
    operation_id="list_inboxes",
    summary="List the webhook inboxes, the last used first",
)
async def list_inboxes(inboxes: All, settings: Configured) -> InboxList:
    """List all inboxes."""
    return InboxList(items=[_state(one, settings) for one in inboxes.all()])


@router.put(
    _ADDRESS,
    access="public",
    operation_id="set_inbox",
    summary="Set a webhook inbox's secret and the status it answers",
    description="The inbox is created if needed. Send webhooks to the `url` of the answer.",
)
async def set_inbox(
    name: InboxName, body: InboxSettings, inboxes: All, settings: Configured
) -> InboxState:
    """Replace an inbox's settings; its webhooks stay."""
    inbox = inboxes.open(name)
    inbox.secret, inbox.answer_with = body.secret, body.answer_with
    return _state(inbox, settings)


@router.post(
    _ADDRESS,
    access="public",
    operation_id="send_to_inbox",
    summary="Send a webhook to an inbox",
    description="Any body is accepted, signed or not, up to 64 KiB. The inbox is created if"
    " needed.",
    response_model=Taken,
    refusals=(BodyTooLarge, BodyUnreadable, ValidationFailed),
    max_body_bytes=LARGEST,
    openapi_extra=_RAW,
)
async def send_to_inbox(name: InboxName, request: Request, inboxes: All) -> Answer:
    """Store a webhook, and answer with the inbox's status."""
    inbox = inboxes.open(name)
    webhook = inbox.take(request.headers, await request.body(), inboxes.clock.now())
    if inbox.answer_with in _NO_BODY:
        return Answer(inbox.answer_with)
    return Answer(inbox.answer_with, Taken(id=webhook.id, signature=inbox.check(webhook)))


@router.get(
    _ADDRESS,
    access="public",
    operation_id="get_inbox",
    summary="Get a webhook inbox: its webhooks, newest first, with their signatures checked",
    refusals=(InboxUnknown,),
)
async def get_inbox(
    name: InboxName, inboxes: All, settings: Configured, limit: WebhookLimit = 20
) -> InboxContents:
    """Show an inbox as JSON."""
    inbox = _found(inboxes, name)
    items = [WebhookAnswer.of(one, inbox.check(one)) for one in inbox.newest(limit)]
    return InboxContents(**_state(inbox, settings).model_dump(), items=items)


@router.get(
    f"{_ADDRESS}/page",
    access="public",
    operation_id="show_inbox",
    summary="Show a webhook inbox as a page",
    response_class=HTMLResponse,
)
async def show_inbox(name: InboxName, inboxes: All, limit: WebhookLimit = 20) -> HTMLResponse:
    """Show an inbox as a page, even before anything came."""
    inbox = inboxes.find(name) or Inbox(name)
    return HTMLResponse(page(inbox, inbox.newest(limit)), headers=HEADERS)


@router.delete(
    _ADDRESS,
    access="public",
    operation_id="delete_inbox",
    summary="Delete a webhook inbox and its webhooks",
    refusals=(InboxUnknown,),
)
async def delete_inbox(name: InboxName, inboxes: All) -> None:
    """Delete an inbox."""
    if not inboxes.delete(name):
        raise InboxUnknown


def _found(inboxes: Inboxes, name: str) -> Inbox:
    inbox = inboxes.find(name)
    if inbox is None:
        raise InboxUnknown
    return inbox


def _state(inbox: Inbox, settings: Settings) -> InboxState:
    inbox_url = settings.inbox_url or settings.public_url
    return InboxState.of(inbox, settings.public_url, inbox_url)
