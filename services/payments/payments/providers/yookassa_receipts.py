"""Builds receipts of law 54-FZ as YooKassa takes them with payments and refunds.

Source: yookassa.ru/developers/payment-acceptance/receipts/54fz.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.cards import ReceiptContactMissing
from kit.money import Money
from payments.domain.cards.charges import Charge
from payments.domain.cards.receipts import ReceiptLine, lines_of_part

_LONGEST_DESCRIPTION: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """What the shop's receipts say.

    Attributes:
        vat_code: Of lines that name none.
        tax_system: The shop's, where it has several.
        subject: What is paid for (`service`, `commodity`, …).
        mode: How (`full_payment`, `full_prepayment`, …).
        email: Gets receipts whose payer named no contact; empty: the payer must name one.
    """

    vat_code: int
    tax_system: int | None
    subject: str
    mode: str
    email: str

    def customer(self, contact: Mapping[str, str] | None) -> dict[str, str]:
        """Return who gets the receipt.

        Raises:
            ReceiptContactMissing: neither payer nor shop has named anybody.
        """
        if contact:
            named = {**contact}
            if "phone" in named:
                named["phone"] = named["phone"].removeprefix("+")
            return named
        if not self.email:
            raise ReceiptContactMissing
        return {"email": self.email}

    def of(self, charge: Charge, minor: int) -> dict[str, Any]:
        """Return the receipt of a charge, or of the part of it that goes back.

        ``minor`` is the sum in minor units.
        """
        known = charge.receipt or {}
        whole = Money(charge.amount_minor, charge.currency)
        lines = [ReceiptLine.stored(facts) for facts in known.get("lines", ())] or [
            ReceiptLine(
                description=charge.description[:_LONGEST_DESCRIPTION],
                quantity="1",
                amount=whole.decimal,
            )
        ]
        system = {} if self.tax_system is None else {"tax_system_code": self.tax_system}
        items = [self._item(line, charge.currency) for line in lines_of_part(lines, whole, minor)]
        return {"customer": self.customer(known.get("contact")), "items": items, **system}

    def _item(self, line: ReceiptLine, currency: str) -> dict[str, Any]:
        return {
            "description": " ".join(line.description.split())[:_LONGEST_DESCRIPTION],
            "quantity": line.quantity,
            "amount": {"value": Money.parse(line.amount, currency).decimal, "currency": currency},
            "vat_code": line.vat_code or self.vat_code,
            "payment_subject": self.subject,
            "payment_mode": self.mode,
        }
