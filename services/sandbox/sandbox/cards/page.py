"""Renders the hosted card page: two languages, no script, the bank as buttons."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import Form
from starlette.responses import HTMLResponse, RedirectResponse, Response

from kit.refusals import Language
from kit.web.language import CallerLanguage
from kit.web.routes import Router
from sandbox.cards.api import NamedPayment, TheProvider
from sandbox.cards.box import CardOutcome, CardPayment, CardPaymentStatus
from sandbox.cards.reversal_api import (
    dispute_of,
    move_dispute,
    move_refund,
    open_dispute,
    refund_at_page,
    refund_of,
)
from sandbox.cards.reversal_page import reversals
from sandbox.cards.reversal_schemas import DisputeRequest, NextForm, PageRefundRequest
from sandbox.cards.reversals import BankRefundStatus, DisputeMove
from sandbox.cards.schemas import CardForm
from sandbox.cards.texts import TEXTS
from sandbox.refusals import (
    CardDisputeTooLarge,
    CardDisputeUnknown,
    CardMoveNotPossible,
    CardPaymentNotSucceeded,
    CardPaymentUnknown,
    CardRefundTooLarge,
    CardRefundUnknown,
    TooManyCardReversals,
)

router = Router(tags=["cards"])

DELAY_SECONDS: Final = 3.0

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #16202c; --soft: #5b6b7c; --line: #dbe2ea;
  --paper: #fff; --back: #eef2f6; --accent: #1f6feb; --on: #fff; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eef5; --soft: #9fb0c2;
  --line: #2c3947; --paper: #18212b; --back: #0f161d; --accent: #5b9bff; --on: #0f161d;
  --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 26rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: 14px; padding: 1.75rem; }
.mark { margin: 0 0 1.25rem; font-size: .8rem; color: var(--soft); display: flex;
  justify-content: space-between; }
.mark b { color: var(--accent); }
h1 { font-size: 1rem; font-weight: 600; margin: 0; }
.amount { font-size: 2.25rem; font-weight: 700; margin: .25rem 0 0;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.payee { margin: 0 0 1.5rem; color: var(--soft); overflow-wrap: anywhere; }
button, .button { display: block; width: 100%; min-height: 2.9rem; margin: 0 0 .6rem;
  border-radius: 9px; border: 1px solid var(--line); background: transparent; color: inherit;
  font: inherit; font-weight: 600; cursor: pointer; text-align: center; line-height: 1.3;
  padding: .75rem 1rem;
  text-decoration: none; }
button.main, .button.main { background: var(--accent); border-color: var(--accent);
  color: var(--on); }
button.bad { color: var(--bad); }
button:focus-visible, a:focus-visible, summary:focus-visible, input:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px; }
details { margin-top: 1rem; border-top: 1px solid var(--line); padding-top: 1rem; }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
label { display: flex; gap: .6rem; align-items: baseline; margin: .5rem 0 0; font-size: .9rem; }
input[name=amount] { width: 100%; padding: .6rem; border: 1px solid var(--line); font: inherit;
  border-radius: 9px; background: transparent; color: inherit; margin: .6rem 0; }
.state { padding: 1rem; border-radius: 9px; background: var(--back); margin: 0 0 1rem; }
"""
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_BOXES: Final = ("late", "twice", "out_of_order", "wrong_signature")


@router.get(
    "/sandbox/cards/{payment_id}",
    access="public",
    operation_id="show_card_page",
    summary="Show the card page",
    response_model=None,
    response_class=HTMLResponse,
    refusals=(CardPaymentUnknown,),
)
async def show_card_page(payment: NamedPayment, language: CallerLanguage) -> Response:
    """Show the buttons, or the payment's state."""
    return _page(payment, language)


@router.post(
    "/sandbox/cards/{payment_id}",
    access="public",
    operation_id="press_card_button",
    summary="Press a button of the card page",
    response_model=None,
    response_class=RedirectResponse,
    response_description="Back to the shop, or to this page until the bank has confirmed.",
    status_code=303,
    refusals=(CardPaymentUnknown,),
)
async def press_card_button(
    payment: NamedPayment, cards: TheProvider, form: Annotated[CardForm, Form()]
) -> Response:
    """Do what the button says, then redirect the payer."""
    cards.choose(payment, form.outcome, form.faults, DELAY_SECONDS)
    stays = form.outcome is CardOutcome.DELAY
    where = f"/sandbox/cards/{payment.id}" if stays else payment.return_url
    return RedirectResponse(where, status_code=303, headers=_policy(payment))


@router.post(
    "/sandbox/cards/{payment_id}/next",
    access="public",
    operation_id="press_next_button",
    summary="Press a button of the card page after the payment has succeeded",
    response_model=None,
    response_class=RedirectResponse,
    response_description="Back to this page.",
    status_code=303,
    refusals=(
        CardPaymentUnknown,
        CardPaymentNotSucceeded,
        CardRefundTooLarge,
        CardRefundUnknown,
        CardDisputeTooLarge,
        CardDisputeUnknown,
        CardMoveNotPossible,
        TooManyCardReversals,
    ),
)
async def press_next_button(
    payment: NamedPayment, provider: TheProvider, form: Annotated[NextForm, Form()]
) -> Response:
    """Do what the button says, then redirect to the page."""
    amount = form.amount or None
    match form.act:
        case "dispute" | "inquire":
            wanted = DisputeRequest(amount=amount, warning=form.act == "inquire")
            open_dispute(provider, payment, wanted)
        case "refund":
            refund_at_page(provider, payment, PageRefundRequest(amount=amount))
        case "succeed" | "fail":
            status = (
                BankRefundStatus.SUCCEEDED if form.act == "succeed" else BankRefundStatus.FAILED
            )
            move_refund(provider, payment, refund_of(payment, form.id), status)
        case "won" | "lost":
            dispute = dispute_of(payment, form.id)
            move_dispute(provider, payment, dispute, DisputeMove.CLOSE, won=form.act == "won")
        case _:
            dispute = dispute_of(payment, form.id)
            move_dispute(provider, payment, dispute, DisputeMove(form.act))
    where = f"/sandbox/cards/{payment.id}"
    return RedirectResponse(where, status_code=303, headers=_policy(payment))


def _page(payment: CardPayment, language: Language) -> Response:
    texts = TEXTS[language]
    waits = payment.status is CardPaymentStatus.PROCESSING
    refresh = '<meta http-equiv="refresh" content="1">' if waits else ""
    is_new = payment.status is CardPaymentStatus.PENDING
    body = _buttons(texts) if is_new else _state(payment, texts)
    amount = f"{_grouped(payment.amount.decimal)} {escape(payment.amount.currency)}"
    html = f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">{refresh}
<title>{texts["title"]}: {amount}</title><style>{_STYLE}</style></head>
<body><main>
<p class="mark"><b>Saldo sandbox</b><span>{texts["note"]}</span></p>
<h1>{texts["title"]}</h1>
<p class="amount">{amount}</p>
<p class="payee">{texts["to"]} {escape(payment.description or "—")}</p>
{body}
</main></body></html>"""
    return HTMLResponse(html, headers=_policy(payment))


def _buttons(texts: dict[str, str]) -> str:
    looks = {CardOutcome.SUCCESS: "main", CardOutcome.DELAY: "", CardOutcome.DECLINE: "bad"}
    buttons = "".join(
        f'<button class="{looks.get(outcome, "")}" name="outcome" value="{outcome.value}">'
        f"{texts[outcome.value]}</button>"
        for outcome in (
            CardOutcome.SUCCESS,
            CardOutcome.DELAY,
            CardOutcome.DECLINE,
            CardOutcome.ABANDON,
        )
    )
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}">{texts[name]}</label>' for name in _BOXES
    )
    more = f"<details><summary>{texts['webhooks']}</summary>{boxes}</details>"
    return f'<form method="post">{buttons}{more}</form>'


def _state(payment: CardPayment, texts: dict[str, str]) -> str:
    said = f'<p class="state" role="status">{texts[f"is_{payment.status.value}"]}</p>'
    if payment.status is CardPaymentStatus.PROCESSING:
        return said
    back = escape(payment.return_url, quote=True)
    link = f'<a class="button main" href="{back}">{texts["back"]}</a>'
    return f"{said}{link}{reversals(payment, texts)}"


def _grouped(amount: str) -> str:
    whole, point, rest = amount.partition(".")
    return f"{int(whole):,}".replace(",", "\u00a0") + point + rest


def _policy(payment: CardPayment) -> dict[str, str]:
    """Return a policy that allows only this style and forms back to the shop."""
    shop = urlsplit(payment.return_url)
    host = quote(shop.netloc, safe=":[]")  # of commas and semicolons a policy is made
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        f"form-action 'self' {shop.scheme}://{host}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy}
