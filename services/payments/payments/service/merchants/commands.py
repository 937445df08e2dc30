"""Carries out commands about merchants' payments, of several kinds in one batch."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TypeAlias, cast

from contracts.payments import RefundPayment, ReturnPayment, TakePayment
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope, Message
from kit.messaging.routes import Handler
from payments.repository import Payments

_MerchantCommand: TypeAlias = TakePayment | ReturnPayment | RefundPayment


async def carry_out(
    uow: UnitOfWork, envelopes: Sequence[Envelope], *, handlers: Mapping[type[Message], Handler]
) -> None:
    """Carry out commands in the order in which they came, a run of one kind at a time.

    Where there are several runs, the payments of all are locked first: each run locks its own in
    the order of their ids, one run after the other would not.
    """
    runs = [(kind, list(run)) for kind, run in groupby(envelopes, lambda one: type(one.message))]
    if len(runs) > 1:
        commands = [cast("_MerchantCommand", envelope.message) for envelope in envelopes]
        await Payments(uow).lock_many(command.payment_id for command in commands)
    for kind, run in runs:
        await handlers[kind](uow, run)
