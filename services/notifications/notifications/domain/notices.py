"""Defines the records of notices: kind, recipient, subject, facts. No texts here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

MOST_NOTICES: Final = 10_000  # the newest ones, kept for one person


class NoticeKind(StrEnum):
    """The kind of a notice; `domain/texts.py` has the texts."""

    PAYMENT_PAID = "payment_paid"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    INCOMING_PAYMENT_FAILED = "incoming_payment_failed"
    PAYMENT_CANCELLED = "payment_cancelled"
    INCOMING_PAYMENT_CANCELLED = "incoming_payment_cancelled"
    REFUND_RECEIVED = "refund_received"
    REFUND_MADE = "refund_made"
    REFUND_FAILED = "refund_failed"
    REFUND_RETURNED = "refund_returned"
    PAYMENT_DISPUTED = "payment_disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    WALLET_TOPPED_UP = "wallet_topped_up"
    BUDGET_NEARLY_USED = "budget_nearly_used"
    BUDGET_USED = "budget_used"
    LOGIN_LOCKED = "login_locked"
    API_KEY_IN_NEW_PLACE = "api_key_in_new_place"
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    CONFIRMATION_LIMITS_CHANGED = "confirmation_limits_changed"
    EXPORT_READY = "export_ready"
    EXPORT_FAILED = "export_failed"
    WEBHOOKS_OFF_GONE = "webhooks_off_gone"
    WEBHOOKS_OFF_FAILING = "webhooks_off_failing"


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to store.

    Attributes: user_id: the recipient. subject_id: the payment, transfer, budget, export, webhook
    endpoint, API key or user that it is about. other_id: the other person, if any; the name is
    looked up when the notice is read. facts: what the text needs: `amount_minor`, `currency`,
    `reason`, `url`, `until`, `dispute_reason`, `category`, `available_minor`, `month`, `format`,
    `rows`, `hint`. occasion_id: distinguishes news of one kind about one subject: a refund, a
    dispute, a lock, a use, a change of factors or limits.
    is_mailed: whether news of a kind that is also mailed is.
    """

    user_id: UUID
    kind: NoticeKind
    subject_id: UUID
    other_id: UUID | None
    facts: Mapping[str, Any]
    occasion_id: UUID | None = None
    is_mailed: bool = True


@dataclass(frozen=True, slots=True)
class Notice:
    """A stored notice; `other_username` is today's, None if unknown or deleted."""

    id: UUID
    user_id: UUID
    kind: NoticeKind
    subject_id: UUID
    other_username: str | None
    facts: Mapping[str, Any]
    created_at: datetime
    read_at: datetime | None
