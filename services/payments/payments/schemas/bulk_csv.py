"""Names the columns of a CSV bulk; metadata has none."""

from typing import Final

from kit.web.csv_bodies import Column, CsvRows
from payments.domain.bulk import MOST_ROWS
from payments.schemas.creation import PayeeRequest

DOCUMENTED: Final = {
    "schema": {"type": "string"},
    "example": "payee_username,amount,currency,description\nbob,150.00,RUB,Salary for May\n",
}
BULK_CSV: Final = CsvRows(
    {
        **{f"payee_{name}": Column(("payee", name)) for name in PayeeRequest.model_fields},
        "amount": Column(("amount",)),
        "currency": Column(("currency",)),
        "from_wallet_id": Column(("from_wallet_id",)),
        "card_last4": Column(("card_last4",)),
        "card_holder": Column(("card_holder",)),
        "description": Column(("description",)),
    },
    most_rows=MOST_ROWS,
    longest_cell=2_000,
)
