"""Inboxes: sending webhooks to them, looking at what came, telling them a secret."""

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
                "schema": {"type": "object", "description": "Whatever is sent."},
                "example": {"type": "payment.paid", "timestamp": "2026-01-31T12:00:05Z"},
            }
        }
    }
}
_NO_BODY: Final = frozenset({204, 205, 304})


All = Annotated[Inboxes, from_state("inboxes")]
Configured = Annotated[Settings, from_state("settings")]
Name = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$", examples=["mine"])]
Limit = Annotated[int, Query(ge=1, le=KEPT, description="How many webhooks at most.")]


@router.get(
    "/sandbox/inbox",
    access="public",
    operation_id="list_inboxes",
    summary="The webhook inboxes there are, the last used first",
)
async def list_inboxes(inboxes: All, settings: Configured) -> InboxList:
    """Show all of them."""
    return InboxList(items=[_state(one, settings) for one in inboxes.all()])


@router.put(
    _ADDRESS,
    access="public",
    operation_id="set_inbox",
    summary="Tell a webhook inbox its secret, and what to answer with",
    description="It is made where there is none. Send webhooks to the `url` of the answer.",
)
async def set_inbox(
    name: Name, body: InboxSettings, inboxes: All, settings: Configured
) -> InboxState:
    """Set it as a whole; what has come in stays."""
    inbox = inboxes.open(name)
    inbox.secret, inbox.answer_with = body.secret, body.answer_with
    return _state(inbox, settings)


@router.post(
    _ADDRESS,
    access="public",
    operation_id="send_to_inbox",
    summary="Send a webhook to an inbox",
    description="Any body is taken, signed or not, up to 64 KiB; the inbox is made where there is"
    " none.",
    response_model=Taken,
    refusals=(BodyTooLarge, BodyUnreadable, ValidationFailed),
    max_body_bytes=LARGEST,
    openapi_extra=_RAW,
)
async def send_to_inbox(name: Name, request: Request, inboxes: All) -> Answer:
    """Keep it, and answer as the inbox was told to."""
    inbox = inboxes.open(name)
    webhook = inbox.take(request.headers, await request.body(), inboxes.clock.now())
    if inbox.answer_with in _NO_BODY:
        return Answer(inbox.answer_with)
    return Answer(inbox.answer_with, Taken(id=webhook.id, signature=inbox.check(webhook)))


@router.get(
    _ADDRESS,
    access="public",
    operation_id="get_inbox",
    summary="What came into a webhook inbox, newest first, and whether it is signed well",
    refusals=(InboxUnknown,),
)
async def get_inbox(
    name: Name, inboxes: All, settings: Configured, limit: Limit = 20
) -> InboxContents:
    """Show it as data."""
    inbox = _found(inboxes, name)
    items = [WebhookAnswer.of(one, inbox.check(one)) for one in inbox.newest(limit)]
    return InboxContents(**_state(inbox, settings).model_dump(), items=items)


@router.get(
    f"{_ADDRESS}/page",
    access="public",
    operation_id="show_inbox",
    summary="A webhook inbox as a page",
    response_class=HTMLResponse,
)
async def show_inbox(name: Name, inboxes: All, limit: Limit = 20) -> HTMLResponse:
    """Show it to people, also before anything came."""
    inbox = inboxes.find(name) or Inbox(name)
    return HTMLResponse(page(inbox, inbox.newest(limit)), headers=HEADERS)


@router.delete(
    _ADDRESS,
    access="public",
    operation_id="delete_inbox",
    summary="Forget a webhook inbox and all that it has",
    refusals=(InboxUnknown,),
)
async def delete_inbox(name: Name, inboxes: All) -> None:
    """Forget it."""
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
