"""Serves transfers between own accounts: book one. Its sides are transactions."""

from typing import Final

from fastapi import Request

from finance.api.owners import CREATED, Owning
from finance.refusals import (
    AccountLinked,
    AccountNotYours,
    AccountsSame,
    BalanceOutOfRange,
    DateOutOfRange,
    ToAmountDiffers,
    ToAmountNeeded,
)
from finance.schemas.transactions.transfers import TransferRequest, TransferSidesAnswer
from finance.service.transactions.transfers import add_transfer
from kit.db import UnitOfWork
from kit.web.answers import Answer
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.routes import Router

PATH: Final = "/v1/finance/transfers"

router = Router(tags=["transactions"], scope="finance")


@router.post(
    PATH,
    access="user",
    operation_id="create_own_transfer",
    summary="Book a transfer between two accounts of one's own",
    description="One linked pair of transactions: what leaves, and what arrives. It counts neither"
    " as income nor as expense. It changes books alone; to move money between wallets, pay.",
    status_code=201,
    response_model=TransferSidesAnswer,
    is_idempotent=True,
    refusals=(
        AccountNotYours,
        AccountLinked,
        AccountsSame,
        ToAmountNeeded,
        ToAmountDiffers,
        DateOutOfRange,
        BalanceOutOfRange,
    ),
)
async def create_own_transfer(
    request: Request, caller: Caller, owner: Owning, body: TransferRequest
) -> Answer:
    """Book both sides at once."""

    async def work(uow: UnitOfWork) -> Answer:
        pair = await add_transfer(uow, owner, body.draft())
        return Answer(CREATED, TransferSidesAnswer.of(pair))

    return await idempotently(
        request, caller, operation="create_own_transfer", body=body, work=work
    )
