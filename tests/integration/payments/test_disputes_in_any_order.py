"""Pay, refund, dispute, reinstate, refuse, crash, in hundreds of orders: all the books agree."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import PAYMENTS, SHOP, CardProvider
from tests.integration.payments.provider_model import AMOUNT, Ledger, Provider
from tests.integration.payments.room import Room
from tests.integration.payments.test_refunding import ask

from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentFailed,
    PaymentPaid,
    PaymentRefunded,
    PaymentRefundFailed,
)
from contracts.wallet import HoldRefused, PlaceHold, Transfer, TransferRefused
from kit.db import UnitOfWork
from kit.messaging.messages import Command
from payments.domain.payment import Method
from payments.repository import ProviderEvents
from payments.service.cards.movements import ask_again
from payments.service.cards.provider_events import apply_events

STORIES, STEPS, OF_ONE_ROOM = 240, 22, 20
TOLD = (
    PaymentCancelled,
    PaymentCreated,
    PaymentPaid,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentDisputed,
    PaymentDisputeClosed,
)


class CrashError(Exception):
    """The process ends before it commits."""


class Story:
    """One payment by card, and all that can happen to it."""

    def __init__(self, room: Room, outside: respx.MockRouter, people: tuple[UUID, UUID]) -> None:
        self.room = room
        self.payer, self.payee = people
        self.sender = CardProvider(room, outside)
        self.providers: dict[str, Provider] = {}
        outside.route(url__startswith=PAYMENTS).mock(side_effect=self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as the provider does that has the charge."""
        asked = json.loads(request.content or b"{}")
        return next(
            one.answer(request)
            for charge_id, one in self.providers.items()
            if charge_id == asked.get("charge_id") or charge_id in request.url.path
        )

    async def begin(self, chance: Random) -> None:
        self.chance = chance
        self.room.wallet.heard.clear()
        self.room.wallet.refuses = lambda _: None
        self.payment_id = await self.room.create(self.payer, self.payee, "100.00")
        self.provider = Provider(str(self.payment_id), chance)
        self.providers[str(self.payment_id)] = self.provider
        self.provider.is_down = chance.random() < 0.3
        how = {"method": "card", "return_url": SHOP}
        await self.room.pay(self.payer, self.payment_id, json=how)

    @property
    def steps(self) -> list[Callable[[], Awaitable[None]]]:
        provider = self.provider
        happens = [
            provider.comes,
            provider.is_disputed,
            provider.withdraws,
            provider.decides,
            provider.refunds_by_hand,
            provider.a_card_takes_no_refund,
        ]
        often = [self.a_letter_comes, self.the_wallet_works, self.the_provider_is_asked] * 2
        seldom = [self.the_payer_cancels, self.the_wallet_is_full]
        work = [self.a_refund_is_asked_for, self.the_process_crashes, self.many_work_at_once]
        return [*(_step(one) for one in happens), *often, *work, *seldom]

    async def a_letter_comes(self) -> None:
        letters = self.provider.letters
        if letters:
            letter = self.chance.choice(letters)
            if self.chance.random() < 0.8:  # else it comes again
                letters.remove(letter)
            answer = await self.sender.sends(letter, heard=self.chance.random() < 0.7)
            assert answer.status_code == 200, answer.text

    async def the_wallet_works(self) -> None:
        await self.room.settle()

    async def the_provider_is_asked(self) -> None:
        self.room.clock.advance(30)
        self.provider.is_down = self.chance.random() < 0.2
        await self.room.service.state.wiring.charge_worker.work_off()

    async def many_work_at_once(self) -> None:
        """Have several processes hear, ask and refund at the same time."""
        wiring = self.room.service.state.wiring
        for letter in self.provider.letters:
            await self.sender.sends(letter, heard=False)
        self.room.clock.advance(30)
        works = (wiring.provider_events.work_off, wiring.charge_worker.work_off)
        await asyncio.gather(*(work() for work in works * 2), self.a_refund_is_asked_for())

    async def a_refund_is_asked_for(self) -> None:
        amount = self.chance.choice(["40.00", "60.00", None])
        before = await self.room.count("refund")
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(ask(self.room, self.payee, self.payment_id, amount))
            while not asking.done() and await self.room.count("refund") == before:
                await asyncio.sleep(0)
            asking.cancel()  # it would wait for the end
        if not asking.cancelled():
            assert asking.result().status_code == 409, asking.result().text

    async def the_process_crashes(self) -> None:
        """Have all that is kept its effect, and then roll that back."""
        with suppress(CrashError):
            async with self.room.database.unit_of_work() as uow:
                await self._hear_all_and_crash(uow)
        await self.room.service.state.wiring.charge_worker.work_off()

    async def _hear_all_and_crash(self, uow: UnitOfWork) -> None:
        wiring = self.room.service.state.wiring
        due = await ProviderEvents(uow, "sandbox").due(uow.clock.now(), 100)
        notices = [one.notice for one in due]
        await apply_events(uow, wiring.engine, wiring.refunds[Method.CARD], "sandbox", notices)
        raise CrashError

    async def the_payer_cancels(self) -> None:
        if self.chance.random() < 0.2:
            await self.room.cancel(self.payer, self.payment_id)

    async def the_wallet_is_full(self) -> None:
        """Have the wallet refuse the money once in a while, and holds more often."""

        def refuses(command: Command) -> str | None:
            if isinstance(command, PlaceHold):
                return "insufficient_funds" if self.chance.random() < 0.3 else None
            is_credit = isinstance(command, Transfer) and command.payee.owner_id == self.payee
            return "balance_limit" if is_credit and self.chance.random() < 0.3 else None

        self.room.wallet.refuses = refuses

    async def end(self) -> None:
        """Let all come that is still to come, until nothing changes any more."""
        self.room.wallet.refuses = lambda _: None
        self.provider.ends_what_is_pending()
        for _ in range(12):
            self.provider.is_down = False
            while self.provider.letters:
                await self.sender.sends(self.provider.letters.pop())
            self.room.clock.advance(601)
            await self.room.hear()
            await self.room.settle()
            await self.room.charge()
            async with self.room.database.unit_of_work() as uow:
                await ask_again(uow)
            await self.room.settle()
            if not self.provider.letters:
                break
        await self.room.wake(3_600)  # the payer who has not paid never will
        for _ in range(3):
            self.room.clock.advance(601)
            await self.room.charge()

    async def holds_good(self) -> None:
        room, provider = self.room, self.provider
        posted = await self._posted()
        ledger = Ledger(posted)
        payment = await room.seen(self.payee, self.payment_id)
        given = sum(one.minor for one in provider.refunds.values() if one.is_given)
        taken = sum(one.taken for one in provider.disputes)
        beyond = max(0, given + taken - AMOUNT)
        is_paid = payment["status"] in {"paid", "refunded"}
        assert ledger.held == 0
        assert ledger.clearing + ledger.suspense + ledger.wallets == 0
        assert ledger.suspense == -beyond
        assert ledger.wallets == (max(0, AMOUNT - given - taken) if is_paid else 0)
        assert -ledger.clearing == (provider.holds if is_paid else -beyond)
        if not is_paid and provider.has_come:
            assert provider.holds == -beyond + await self._lying()
        await self._says(payment, is_paid=is_paid, given=given)

    async def _posted(self) -> list[Command]:
        """Return what the wallet carried out, of all that it was asked."""
        refused = self.refused
        return [one for one in self.room.wallet.heard if one.command_id not in refused]

    @property
    def refused(self) -> set[UUID]:
        answers = self.room.published(HoldRefused, TransferRefused)
        return {one.message.in_reply_to for one in answers}  # type: ignore[attr-defined]

    async def _lying(self) -> int:
        """Return what the provider would not give back, which lies there with an alarm."""
        async with self.room.database.read() as connection:
            refused: int = await connection.fetchval(
                "SELECT coalesce(sum(amount_minor), 0) FROM card_refund"
                " WHERE charge_id = $1 AND origin = 'return' AND status = 'refused'",
                self.payment_id,
            )
        return refused

    async def _says(self, payment: dict[str, str], *, is_paid: bool, given: int) -> None:
        room, provider = self.room, self.provider
        listed = await room.get(self.payee, f"/v1/payments/{self.payment_id}/refunds", limit=100)
        done = [one for one in listed.json()["items"] if one["status"] == "completed"]
        back = sum(int(one["amount"].replace(".", "")) for one in done)
        assert payment["refunded_amount"] == f"{back // 100}.{back % 100:02}"
        assert back == (min(AMOUNT, given) if is_paid else 0)
        borne = sum(int(one["borne_by_house"].replace(".", "")) for one in done)
        assert borne <= max(0, back + sum(one.taken for one in provider.disputes) - AMOUNT)
        assert (payment["status"] == "refunded") == (is_paid and back == AMOUNT)
        assert not [one for one in listed.json()["items"] if one["status"] == "processing"]
        standing = [one for one in provider.disputes if one.status != "won"]
        disputed = sum(one.minor for one in standing or provider.disputes)
        assert payment["disputed_amount"] == f"{disputed // 100}.{disputed % 100:02}"
        told = [one.sequence for one in room.published(*TOLD) if one.subject == payment["id"]]
        assert sorted(told) == list(range(1, len(told) + 1))  # type: ignore[type-var]


def _step(happens: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def step() -> None:
        happens()

    return step


def _seeds() -> list[range]:
    return [range(first, first + OF_ONE_ROOM) for first in range(0, STORIES, OF_ONE_ROOM)]


@pytest.mark.parametrize("seeds", _seeds(), ids=lambda seeds: f"from {seeds[0]}")
async def test_ledger_payment_and_provider_agree_whatever_happens_in_whichever_order(
    room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID, seeds: range
) -> None:
    story = Story(room, outside, (alice, bob))
    for seed in seeds:
        chance = Random(seed)
        await story.begin(chance)
        try:
            for _ in range(STEPS):
                await chance.choice(story.steps)()
            await story.end()
            await story.holds_good()
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
