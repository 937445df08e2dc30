"""Putting money into wallets."""

from fastapi import Request

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import NotFound
from kit.web.answers import Answer
from kit.web.idempotency import idempotently
from kit.web.identity import Caller, Identity
from kit.web.routes import Router
from wallet import refusals
from wallet.charging import Charging
from wallet.domain.wallets import SANDBOX
from wallet.schemas import (
    CardTopUpAnswer,
    NextAction,
    TopUpAnswer,
    TopUpRequest,
    WalletAnswer,
)
from wallet.service import top_ups
from wallet.wiring import CardCharging, Configured

router = Router(tags=["top-ups"])


@router.post(
    "/v1/wallets/top-up",
    access="user",
    operation_id="top_up",
    summary="Put money into a wallet",
    status_code=201,
    response_model=TopUpAnswer,
    responses={202: {"model": CardTopUpAnswer, "description": "A card is to be charged."}},
    is_idempotent=True,
    refusals=(
        NotFound,
        refusals.WalletCurrencyDiffers,
        refusals.BalanceLimit,
        refusals.WalletClosed,
        refusals.TopUpLimit,
        refusals.SandboxMoneyRefused,
    ),
)
async def top_up(
    body: TopUpRequest,
    caller: Caller,
    request: Request,
    settings: Configured,
    charging: CardCharging,
) -> Answer:
    """Credit one's own wallet with sandbox money, or charge a card for it."""
    if body.method == "card":
        return await _by_card(body, caller, request, charging)
    if settings.in_production:
        raise refusals.SandboxMoneyRefused

    async def work(uow: UnitOfWork) -> Answer:
        done = await top_ups.top_up(
            uow, caller.user, body.money, provider=SANDBOX, wallet_id=body.wallet_id
        )
        answer = TopUpAnswer(transfer_id=done.transfer_id, wallet=WalletAnswer.of(done.wallet))
        return Answer(201, answer)

    return await idempotently(request, caller, operation="top_up", body=body, work=work)


async def _by_card(
    body: TopUpRequest, caller: Identity, request: Request, charging: Charging
) -> Answer:
    """Choose the wallet and the charge's id, then ask payments, outside the unit of work.

    A repeated request has the same id, so that it is the same charge.
    """

    async def work(uow: UnitOfWork) -> Answer:
        wallet = await top_ups.wallet_to_fill(uow, caller.user, body.money, body.wallet_id)
        chosen = CardTopUpAnswer(charge_id=new_id(), wallet_id=wallet.id, next_action=None)
        return Answer(202, chosen)

    accepted = await idempotently(request, caller, operation="top_up", body=body, work=work)
    chosen = CardTopUpAnswer.model_validate_json(accepted.body)
    url = await charging.start(
        chosen.charge_id, chosen.wallet_id, caller.user, body.money, body.return_url or ""
    )
    action = None if url is None else NextAction(url=url)
    answer = chosen.model_copy(update={"next_action": action})
    return Answer(202, answer, accepted.own_headers)
