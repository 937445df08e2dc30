"""Whatever is late, lost, repeated or called off: paid and moved, or neither, and nothing held."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.wallet import (
    CaptureHold,
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    PlaceHold,
    ReleaseHold,
    Transfer,
    TransferPosted,
    TransferRefused,
)
from kit.ids import new_id
from kit.messaging.messages import Command, Reply
from kit.saga.decide import begin, decide
from kit.saga.engine import SagaEnd
from kit.saga.state import (
    Decision,
    Input,
    Phase,
    Replied,
    Signalled,
    TaskEnded,
    TimePassed,
    UndoWanted,
)
from payments.domain.payment import PaymentStatus
from payments.hooks.payment import given_up, paid
from payments.sagas.payment import CONFIRM, PAYMENT, confirmed

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SAGA, ALICE, BOB, ACCOUNT = (UUID(int=number) for number in range(1, 5))
PATIENCE = 200
AMOUNT = 100
EVENTS = ("command", "reply", "lose", "check", "wait", "pay", "cancel")


@dataclass
class ModelWallet:
    """A wallet of few words: answers each command once and for ever, and never acts undone."""

    has_money: bool
    answers: dict[UUID, Reply] = field(default_factory=dict)
    is_held: bool = False
    moved: int = 0
    moved_minor: int = 0

    def handle(self, command: Command) -> Reply:
        known = self.answers.get(command.command_id)
        if known is None:
            known = self.answers[command.command_id] = self._act(command)
        return known

    def _act(self, command: Command) -> Reply:
        asked: dict[str, Any] = {"in_reply_to": command.command_id}
        match command:
            case PlaceHold(hold_id=hold_id) if self.has_money:
                self.is_held = True
                return HoldPlaced(**asked, hold_id=hold_id, account_id=ACCOUNT)
            case PlaceHold(hold_id=hold_id):
                return HoldRefused(**asked, hold_id=hold_id, code="insufficient_funds")
            case ReleaseHold(hold_id=hold_id, undo_of=undo_of):
                undone = HoldRefused(in_reply_to=undo_of, hold_id=hold_id, code="undone")
                self.answers.setdefault(undo_of, undone)
                self.is_held = False
                return HoldReleased(**asked, hold_id=hold_id)
            case CaptureHold() if not self.is_held:
                return TransferRefused(**asked, transfer_id=None, code="hold_closed")
            case Transfer(transfer_id=transfer_id) if not self.has_money:
                return TransferRefused(**asked, transfer_id=transfer_id, code="insufficient_funds")
        assert isinstance(command, CaptureHold | Transfer)
        is_part = isinstance(command, CaptureHold) and not command.release_rest
        assert not is_part or command.amount_minor == AMOUNT, "what is left would stay held"
        self.is_held = False
        self.moved += 1
        self.moved_minor = command.amount_minor
        return TransferPosted(
            **asked,
            transfer_id=UUID(int=77),
            posted_at=NOW,
            payer_account_id=ACCOUNT,
            payee_account_id=ACCOUNT,
        )


class World:
    """One saga, its wallet, and the messages on their way between them."""

    def __init__(
        self, *, is_checked: bool, is_reserved: bool, has_money: bool, verdict: str | None
    ) -> None:
        self.now = NOW
        self.wallet = ModelWallet(has_money)
        self.verdict = verdict
        self.is_checked = is_checked
        self.commands: list[Command] = []
        self.replies: list[Reply] = []
        facts: dict[str, Any] = {
            "payer_id": str(ALICE),
            "payee_id": str(BOB),
            "amount_minor": AMOUNT,
            "currency": "RUB",
            "is_checked": is_checked and not is_reserved,
            "is_reserved": is_reserved,
            "expires_at": (NOW + timedelta(minutes=30)).isoformat(),
            "transfer_id": str(new_id()),
            "hold_id": str(new_id()),
        }
        self._take(begin(PAYMENT, SAGA, facts, self.now))

    def _take(self, decision: Decision) -> None:
        self.state = decision.state
        self.commands += decision.commands

    def give(self, given: Input) -> None:
        had_ended = self.state.has_ended
        self._take(decide(PAYMENT, self.state, given, self.now))
        assert not (had_ended and not self.state.has_ended)

    def handle_command(self, pick: Callable[[int], int], *, again: bool) -> None:
        if self.commands:
            place = pick(len(self.commands))
            command = self.commands[place] if again else self.commands.pop(place)
            self.replies.append(self.wallet.handle(command))

    def handle_reply(self, pick: Callable[[int], int], *, again: bool) -> None:
        if self.replies:
            place = pick(len(self.replies))
            self.give(Replied(self.replies[place] if again else self.replies.pop(place)))

    def lose(self, pick: Callable[[int], int]) -> None:
        if self.commands:
            self.commands.pop(pick(len(self.commands)))

    def check(self) -> None:
        if self.state.step == "check":
            self.give(TaskEnded(self.state.epoch, self.verdict, {}))

    def pay(self, amount_minor: int) -> None:
        news = confirmed(amount_minor, is_checked=self.is_checked)
        self.give(Signalled(CONFIRM, None, news))

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.give(TimePassed())

    def cancel(self) -> None:
        self.give(UndoWanted("cancelled_by_payer"))

    def settle(self) -> None:
        """Let everything arrive that is still asked for."""
        for _ in range(PATIENCE):
            if self.state.has_ended:
                return
            self.handle_command(lambda _: 0, again=False)
            self.handle_reply(lambda _: 0, again=False)
            self.check()
            if not self.commands and not self.replies:
                self.wait(60)
        raise AssertionError("the saga does not end")


@settings(max_examples=300)
@given(
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "check_denied", "check_unavailable"]),
    st.data(),
)
def test_it_ends_and_money_moved_exactly_where_it_is_paid(
    is_checked: bool,  # noqa: FBT001 - drawn, not called
    is_reserved: bool,  # noqa: FBT001 - drawn, not called
    has_money: bool,  # noqa: FBT001 - drawn, not called
    verdict: str | None,
    data: st.DataObject,
) -> None:
    world = World(
        is_checked=is_checked, is_reserved=is_reserved, has_money=has_money, verdict=verdict
    )

    def pick(count: int) -> int:
        return data.draw(st.integers(0, count - 1))

    for _ in range(data.draw(st.integers(0, 25))):
        match data.draw(st.sampled_from(EVENTS)):
            case "command":
                world.handle_command(pick, again=data.draw(st.booleans()))
            case "reply":
                world.handle_reply(pick, again=data.draw(st.booleans()))
            case "lose":
                world.lose(pick)
            case "check":
                world.check()
            case "wait":
                world.wait(data.draw(st.sampled_from([1, 5, 10, 30, 1800])))
            case "pay":
                world.pay(data.draw(st.sampled_from([40, 100])))
            case _:
                world.cancel()
    world.settle()
    for command in world.commands:  # what is late does no harm
        world.wallet.handle(command)
    state = world.state
    end = SagaEnd(state.id, state.data, state.reason)
    outcome = paid(end) if state.phase is Phase.COMPLETED else given_up(end)
    assert world.wallet.moved == (1 if outcome.status is PaymentStatus.PAID else 0)
    assert world.wallet.moved_minor == (outcome.paid_minor or 0)
    assert not world.wallet.is_held
    assert (outcome.reason is None) == (outcome.status is PaymentStatus.PAID)
