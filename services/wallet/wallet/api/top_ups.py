"""Serves top-ups of wallets."""

from uuid import UUID

from fastapi import Request

from contracts.cards import CARD_REFUSALS
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import Language, NotFound
from kit.web.answers import Answer
from kit.web.card_pages import NextAction
from kit.web.idempotency import idempotently
from kit.web.identity import Caller, Identity
from kit.web.language import CallerLanguage
from kit.web.routes import Router
from wallet import refusals
from wallet.clients.payments import CardTopUp, PaymentsClient, Started
from wallet.domain.wallets import SANDBOX
from wallet.schemas.wallets import (
    CardTopUpAnswer,
    TopUpAnswer,
    TopUpRequest,
    WalletAnswer,
)
from wallet.service import top_ups
from wallet.wiring import Wired

router = Router(tags=["top-ups"], scope="wallets")


@router.post(
    "/v1/wallets/top-up",
    access="user",
    operation_id="top_up",
    summary="Top up a wallet",
    status_code=201,
    response_model=TopUpAnswer,
    responses={202: {"model": CardTopUpAnswer, "description": "A card is to be charged."}},
    is_idempotent=True,
    refusals=(
        NotFound,
        refusals.WalletCurrencyDiffers,
        refusals.BalanceLimit,
        refusals.WalletClosed,
        refusals.TooManyTopUps,
        refusals.SandboxMoneyRefused,
        *CARD_REFUSALS.values(),
    ),
)
async def top_up(
    *,
    body: TopUpRequest,
    caller: Caller,
    request: Request,
    wired: Wired,
    language: CallerLanguage,
) -> Answer:
    """Credit one's own wallet with sandbox money, or charge a card for it."""
    if not caller.may_use(body.wallet_id):
        raise NotFound
    if body.method == "card":
        return await _by_card(body, caller, request, wired.payments, language)
    if wired.settings.in_production:
        raise refusals.SandboxMoneyRefused

    async def work(uow: UnitOfWork) -> Answer:
        done = await top_ups.top_up(
            uow, caller.user, body.money, provider=SANDBOX, wallet_id=body.wallet_id
        )
        answer = TopUpAnswer(transfer_id=done.transfer_id, wallet=WalletAnswer.of(done.wallet))
        return Answer(201, answer)

    return await idempotently(request, caller, operation="top_up", body=body, work=work)


async def _by_card(
    body: TopUpRequest,
    caller: Identity,
    request: Request,
    payments: PaymentsClient,
    language: Language,
) -> Answer:
    """Choose wallet and charge id, then ask payments, outside the unit of work.

    A repeated request has the same charge id, so that it is the same charge. If that charge has
    failed, it gets another.
    """
    failed: set[UUID] = set()

    async def work(uow: UnitOfWork) -> Answer:
        wallet = await top_ups.wallet_to_fill(uow, caller.user, body.money, body.wallet_id)
        chosen = CardTopUpAnswer(charge_id=new_id(), wallet_id=wallet.id, next_action=None)
        return Answer(202, chosen)

    async def stands(_: UnitOfWork, kept: Answer) -> bool:
        return not failed or kept.says(CardTopUpAnswer).charge_id not in failed

    async def start() -> tuple[Answer, CardTopUpAnswer, Started]:
        accepted = await idempotently(
            request, caller, operation="top_up", body=body, work=work, stands=stands
        )
        chosen = accepted.says(CardTopUpAnswer)
        wanted = CardTopUp(
            charge_id=chosen.charge_id,
            wallet_id=chosen.wallet_id,
            owner_id=caller.user,
            money=body.money,
            return_url=body.return_url or "",
        )
        return accepted, chosen, await payments.start(wanted, language)

    accepted, chosen, charge = await start()
    if charge.has_failed and accepted.is_repeated:
        failed.add(chosen.charge_id)
        accepted, chosen, charge = await start()
    action = None if charge.url is None else NextAction(url=charge.url)
    answer = chosen.model_copy(update={"next_action": action})
    return Answer(202, answer, accepted.own_headers)
