"""What can be booked: income, expenses, parts, transfers; and what becomes of balances."""

from tests.integration.finance.room import Room


async def test_a_balance_is_opening_and_income_less_expense(room: Room) -> None:
    cash = await room.account(opening_balance="100.00")
    food, pay = await room.category("Food"), await room.category("Pay", type="income")
    await room.book(cash, "30.00", category_id=food)
    await room.book(cash, "50.50", category_id=pay)
    await room.book(cash, "0.01", type="expense")
    assert await room.balance(cash) == "120.49"
