"""Renders the card page's buttons for refunds and disputes."""

from collections.abc import Iterator
from html import escape

from kit.money import decimal_text
from sandbox.cards.box import CardPayment, CardPaymentStatus
from sandbox.cards.reversals import BankDispute, BankRefund, BankRefundStatus, DisputeStatus


def reversals(payment: CardPayment, texts: dict[str, str]) -> str:
    """Return the buttons for refunds and disputes; none before the money came."""
    if payment.status is not CardPaymentStatus.SUCCEEDED:
        return ""
    amount = f'<input name="amount" aria-label="{texts["amount"]}" placeholder="{texts["amount"]}">'
    opening = "".join(_button(act, texts) for act in ("dispute", "inquire", "refund"))
    parts = [_form(payment, f"{amount}{opening}")]
    parts += (
        _part(payment, one.id, one.minor, one.status.value, _dispute_acts(one), texts)
        for one in payment.disputes
    )
    parts += (
        _part(payment, one.id, one.minor, one.status.value, _refund_acts(one), texts)
        for one in payment.refunds.values()
    )
    return f"<details><summary>{texts['next']}</summary>{''.join(parts)}</details>"


def _dispute_acts(dispute: BankDispute) -> Iterator[str]:
    if dispute.status is DisputeStatus.WARNING:
        yield "escalate"
    if dispute.status is DisputeStatus.OPEN and not dispute.is_withdrawn:
        yield "withdraw"
    if dispute.is_withdrawn:
        yield "reinstate"
    if dispute.is_open:
        yield "won"
        yield "lost"


def _refund_acts(refund: BankRefund) -> Iterator[str]:
    if refund.status is BankRefundStatus.PENDING:
        yield "succeed"
    if refund.status is not BankRefundStatus.FAILED:
        yield "fail"


def _part(  # noqa: PLR0913, PLR0917 (the parts of a line)
    payment: CardPayment,
    name: str,
    minor: int,
    status: str,
    acts: Iterator[str],
    texts: dict[str, str],
) -> str:
    amount = decimal_text(minor, payment.amount.currency)
    what = f'<p class="state">{name.partition("_")[0]} {amount}: {status}</p>'
    hidden = f'<input type="hidden" name="id" value="{escape(name, quote=True)}">'
    buttons = "".join(_button(act, texts) for act in acts)
    return _form(payment, f"{what}{hidden}{buttons}")


def _form(payment: CardPayment, inside: str) -> str:
    return f'<form method="post" action="/sandbox/cards/{payment.id}/next">{inside}</form>'


def _button(act: str, texts: dict[str, str]) -> str:
    return f'<button name="act" value="{act}">{texts[act]}</button>'
