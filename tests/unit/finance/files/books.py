"""Makes books and entries for tests of files."""

from datetime import UTC, date, datetime
from uuid import UUID

from finance.files.entries import FileAccount, FileBook, FileCategory, FileEntry, FilePart

CASH, BANK, WALLET, YEN = (UUID(int=one) for one in range(1, 5))
FOOD, BREAD, PAY = (UUID(int=one) for one in range(11, 14))

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "\n2026-01-01 * Injected\n    a:b  1 RUB\n    c",
    '"\n2026-01-01 open Assets:Injected',
    "^\nD01/01/2026\nT5\n^",
    "</NAME><TRNAMT>1000000</TRNAMT>&lol;<!DOCTYPE x>",
    "\\",
    'a\\" b',
    "(virtual) [balanced] ; comment  two spaces\ttab",
    "2026-01-01 | payee = x ; a:b, c:d",
    "* ! ( code",
    "\u202e\u2028 right to left \x07bell",
    "Еда и вода",
    "食べ物",
    '{lot} @ 5 = 7 "q"',
    "",
]


def book(names: list[str] | None = None) -> FileBook:
    """Return a book of four accounts and three categories; `names` are its first accounts' too."""
    cash, bank = (names or ["Cash", "Bank"])[:2]
    accounts = [
        FileAccount(CASH, cash, "cash", "RUB", begin_minor=10_000, end_minor=-2_550),
        FileAccount(BANK, bank, "bank", "RUB"),
        FileAccount(WALLET, "Wallet", "wallet", "USD", begin_minor=-5),
        FileAccount(YEN, "Yen", "savings", "JPY"),
    ]
    categories = [
        FileCategory(FOOD, "Food", "expense"),
        FileCategory(BREAD, "Bread", "expense", FOOD),
        FileCategory(PAY, "Pay", "income"),
    ]
    return FileBook(
        date(2026, 1, 1),
        date(2026, 1, 31),
        {one.id: one for one in accounts},
        {one.id: one for one in categories},
        "Asia/Kolkata",
    )


def entry(number: int = 1, **facts: object) -> FileEntry:
    """Return an expense of 150.00 on bread, other where `facts` say so."""
    amount = facts.pop("amount_minor", -15_000)
    category_id = facts.pop("category_id", BREAD)
    known = {
        "id": UUID(int=1_000 + number),
        "account_id": CASH,
        "date": date(2026, 1, 15),
        "type": "expense",
        "amount_minor": amount,
        "currency": "RUB",
        "parts": (FilePart(category_id, amount),),
        "description": "Rye bread",
    }
    return FileEntry(**{**known, **facts})


def entries() -> list[FileEntry]:
    """Return one entry of each kind, account by account."""
    moment = datetime(2026, 1, 20, 21, 30, tzinfo=UTC)
    split = (FilePart(FOOD, -1_000, "soup"), FilePart(None, -2_000))
    return [
        entry(1, tags=("daily", "хлеб"), note="two loaves"),
        entry(2, type="transfer", amount_minor=-5_000, parts=(), transfer_id=UUID(int=77)),
        entry(3, amount_minor=-3_000, parts=split, at=moment, date=date(2026, 1, 21)),
        entry(4, account_id=BANK, type="income", amount_minor=100_000, category_id=PAY),
        entry(
            5,
            account_id=BANK,
            type="transfer",
            amount_minor=5_000,
            parts=(),
            transfer_id=UUID(int=77),
        ),
        entry(6, account_id=WALLET, currency="USD", category_id=None, counterparty="pavel"),
        entry(7, account_id=YEN, currency="JPY", amount_minor=-700),
    ]
