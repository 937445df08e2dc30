"""Stores attempts, and switches off endpoints that fail too often."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from notifications.domain.attempts import Run, run_of
from notifications.domain.deliveries import DeliveryEnd
from notifications.domain.endpoints import EndpointHealth, OffReason, decide_standing
from notifications.domain.notices import Kind, NewNotice
from notifications.repository import Deliveries, Endpoints, Notices

log = get_logger(__name__)

_NOTICES = {
    OffReason.GONE: Kind.WEBHOOKS_OFF_GONE,
    OffReason.FAILING: Kind.WEBHOOKS_OFF_FAILING,
}


async def record(uow: UnitOfWork, ended: Sequence[DeliveryEnd]) -> list[UUID]:
    """Store a batch of attempts in the order in which they ended.

    Returns:
        The endpoints that were switched off; their owners get a notice.
    """
    off = await _store_health(uow, ended)
    await Deliveries(uow).record(ended, uow.clock.now())
    if off:
        await Notices(uow).add([_notice(standing) for standing in off], uow.clock.now())
    for standing in off:
        log.warning(
            "webhooks_off", endpoint_id=str(standing.endpoint_id), reason=standing.off_reason
        )
    return [standing.endpoint_id for standing in off]


async def _store_health(uow: UnitOfWork, ended: Sequence[DeliveryEnd]) -> list[EndpointHealth]:
    """Store endpoints' health; a healthy endpoint costs no statement."""
    runs = _runs(ended)
    if not runs:
        return []
    now = uow.clock.now()
    endpoints = Endpoints(uow)
    stand = [
        decide_standing(before, runs[before.endpoint_id], now)
        for before in await endpoints.standings(runs)
    ]
    await endpoints.save_standings(stand, now)
    return [standing for standing in stand if standing.off_reason is not None]


def _runs(ended: Sequence[DeliveryEnd]) -> dict[UUID, Run]:
    by_endpoint = sorted(ended, key=lambda one: one.job.endpoint_id)  # stable: order is kept
    runs = {}
    for endpoint_id, group in groupby(by_endpoint, key=lambda one: one.job.endpoint_id):
        attempts = list(group)
        run = run_of(one.attempt.reply for one in attempts)
        if run.failures or any(one.job.had_failures for one in attempts):
            runs[endpoint_id] = run
    return runs


def _notice(standing: EndpointHealth) -> NewNotice:
    assert standing.off_reason is not None  # noqa: S101 - chosen for it
    return NewNotice(
        id=new_id(),
        user_id=standing.user_id,
        kind=_NOTICES[standing.off_reason],
        subject_id=standing.endpoint_id,
        other_id=None,
        facts={"url": standing.url},
    )
