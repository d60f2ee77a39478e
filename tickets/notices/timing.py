"""When a mail about something is due: gathered for a moment, an hour or a day, and never in a person's quiet hours. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from helpdesk.core.zones import zone_of

GATHER = timedelta(minutes=2)  # so long a burst is gathered into one mail
AT_ONCE, HOURLY, DAILY = "at_once", "hourly", "daily"


def due(
    now: datetime,
    *,
    digest: str = AT_ONCE,
    zone: str = "UTC",
    daily_at: time = time(8),
    quiet_from: time | None = None,
    quiet_until: time | None = None,
) -> datetime:
    """The instant of the mail, not before `now`, outside the quiet hours of the person's own clock."""
    here = zone_of(zone)
    local = now.astimezone(here)
    if digest == DAILY:
        wanted = _next(local, daily_at)
    elif digest == HOURLY:
        wanted = now + timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    else:
        wanted = now + GATHER
    if (
        not quiet_from
        or not quiet_until
        or quiet_from == quiet_until
        or not _quiet(wanted.astimezone(here).time(), quiet_from, quiet_until)
    ):
        return wanted
    return _next(wanted.astimezone(here), quiet_until)


def _quiet(clock: time, begins: time, ends: time) -> bool:
    if begins < ends:
        return begins <= clock < ends
    return clock >= begins or clock < ends  # over midnight


def _next(local: datetime, clock: time) -> datetime:
    """The next time that the local clock shows this, as an instant."""
    today = datetime.combine(local.date(), clock, tzinfo=local.tzinfo)
    found = (
        today if today.timestamp() >= local.timestamp() else datetime.combine(local.date() + timedelta(days=1), clock, tzinfo=local.tzinfo)
    )
    return datetime.fromtimestamp(found.timestamp(), tz=local.tzinfo)
