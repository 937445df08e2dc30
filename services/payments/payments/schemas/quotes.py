"""Shapes the answer to a quote."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schemas import Model


class QuotedPayee(Model):
    """Who would be paid; the quote's `payee` is null where nobody is known."""

    user_id: UUID
    username: str | None = None


class QuoteAnswer(Model):
    """Whether the payment would be paid now; nothing is stored, nothing is promised."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "would": "pay",
                    "code": None,
                    "detail": None,
                    "amount": "150.00",
                    "fee": "0.00",
                    "currency": "RUB",
                    "payee": {
                        "user_id": "0197a1de-0d40-7e21-8f0a-1d2c3b4a5f02",
                        "username": "bob",
                    },
                    "is_checked": False,
                    "available_after": "850.00",
                }
            ]
        }
    )

    would: Literal["pay", "refuse"]
    code: str | None = Field(None, description="Why not: code of a refusal or of a failure.")
    detail: str | None = Field(None, description="The same in the caller's language.")
    amount: str | None = Field(description="Null where neither payer nor service names one.")
    fee: str
    currency: str
    payee: QuotedPayee | None = None
    is_checked: bool = Field(description="Whether verification services would be asked first.")
    available_after: str | None = Field(None, description="What the paying wallet would have left.")
