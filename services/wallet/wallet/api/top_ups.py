"""Putting money into wallets."""

from fastapi import Request

from kit.db import UnitOfWork
from kit.refusals import NotFound
from kit.web.answers import Answer
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.routes import Router
from wallet import refusals
from wallet.domain.wallets import SANDBOX
from wallet.schemas import TopUpAnswer, TopUpRequest, WalletAnswer
from wallet.service import top_ups
from wallet.wiring import Configured

router = Router(tags=["top-ups"])


@router.post(
    "/v1/wallets/top-up",
    access="user",
    operation_id="top_up",
    summary="Put money into a wallet",
    status_code=201,
    response_model=TopUpAnswer,
    is_idempotent=True,
    refusals=(
        NotFound,
        refusals.WalletCurrencyDiffers,
        refusals.BalanceLimit,
        refusals.SandboxMoneyRefused,
    ),
)
async def top_up(
    body: TopUpRequest, caller: Caller, request: Request, settings: Configured
) -> Answer:
    """Credit one's own wallet with sandbox money."""
    if settings.in_production:
        raise refusals.SandboxMoneyRefused

    async def work(uow: UnitOfWork) -> Answer:
        done = await top_ups.top_up(
            uow, caller.user, body.money, provider=SANDBOX, wallet_id=body.wallet_id
        )
        answer = TopUpAnswer(transfer_id=done.transfer_id, wallet=WalletAnswer.of(done.wallet))
        return Answer(201, answer)

    return await idempotently(request, caller, operation="top_up", body=body, work=work)
