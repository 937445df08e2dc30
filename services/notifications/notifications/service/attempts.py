"""Stores attempts, and switches off endpoints that fail too often."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from notifications.domain.attempts import Streak, streak_of
from notifications.domain.deliveries import DeliveryEnd
from notifications.domain.endpoints import EndpointHealth, OffReason, decide_health
from notifications.domain.notices import NewNotice, NoticeKind
from notifications.repository import Deliveries, Endpoints, Notices

log = get_logger(__name__)

_NOTICES = {
    OffReason.GONE: NoticeKind.WEBHOOKS_OFF_GONE,
    OffReason.FAILING: NoticeKind.WEBHOOKS_OFF_FAILING,
}


async def record(uow: UnitOfWork, ended: Sequence[DeliveryEnd]) -> list[UUID]:
    """Store a batch of attempts in the order in which they ended.

    Returns:
        The endpoints that were switched off; their owners get a notice.
    """
    off = await _store_health(uow, ended)
    await Deliveries(uow).record(ended, uow.clock.now())
    if off:
        await Notices(uow).add({new_id(): _notice(health) for health in off}, uow.clock.now())
    for health in off:
        log.warning("webhooks_off", endpoint_id=str(health.endpoint_id), reason=health.off_reason)
    return [health.endpoint_id for health in off]


async def _store_health(uow: UnitOfWork, ended: Sequence[DeliveryEnd]) -> list[EndpointHealth]:
    """Store endpoints' health; a healthy endpoint costs no statement."""
    streaks = _streaks(ended)
    if not streaks:
        return []
    now = uow.clock.now()
    endpoints = Endpoints(uow)
    healths = [
        decide_health(before, streaks[before.endpoint_id], now)
        for before in await endpoints.health_of(streaks)
    ]
    await endpoints.save_health(healths, now)
    return [health for health in healths if health.off_reason is not None]


def _streaks(ended: Sequence[DeliveryEnd]) -> dict[UUID, Streak]:
    by_endpoint = sorted(ended, key=lambda one: one.job.endpoint_id)  # stable: order is kept
    streaks = {}
    for endpoint_id, group in groupby(by_endpoint, key=lambda one: one.job.endpoint_id):
        attempts = list(group)
        streak = streak_of(one.attempt.reply for one in attempts)
        if streak.failures or any(one.job.had_failures for one in attempts):
            streaks[endpoint_id] = streak
    return streaks


def _notice(health: EndpointHealth) -> NewNotice:
    assert health.off_reason is not None  # noqa: S101 - chosen for it
    return NewNotice(
        user_id=health.user_id,
        kind=_NOTICES[health.off_reason],
        subject_id=health.endpoint_id,
        other_id=None,
        facts={"url": health.url},
    )
