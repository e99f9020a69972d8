"""PagerDuty: the key, the schedules of the settings, who carries the pager, and whom a page would go to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from starbot.checkup.finding import Finding, Part, Skew
from starbot.checkup.notes import Notes
from starbot.core.hours import Region, region_at
from starbot.errors import RefusedReason
from starbot.services.pagerduty import PagerDutyService, Shift
from starbot.settings import PagingSettings, Settings

PAGERDUTY = Part("PagerDuty")

AHEAD = timedelta(days=7)
MENDS: Mapping[RefusedReason, str] = {
    "unauthorized": "PagerDuty > Integrations > API Access Keys > Create New API Key, not read-only: set "
    "PAGERDUTY_TOKEN. An account in the EU sets PAGERDUTY_URL=https://api.eu.pagerduty.com too.",
    "forbidden": "PagerDuty > Integrations > API Access Keys: take a key of the account, or of a user who sees "
    "schedules.",
}


def steps(
    settings: Settings, pagerduty: PagerDutyService, now: datetime, notes: Notes, skew: Skew
) -> Iterator[Finding]:
    """Everything about PagerDuty."""
    email = settings.env.pagerduty_from
    return PAGERDUTY.walk(
        [
            lambda: key(pagerduty.key_owner()),
            lambda: _schedules(settings, pagerduty, now, notes),
            lambda: _paging(settings.paging, pagerduty),
            lambda: speaks_as(email, bool(email) and pagerduty.has_user(email)),
            lambda: PAGERDUTY.clock(skew()),
        ],
        MENDS,
    )


def key(owner: str) -> Iterator[Finding]:
    """Whose it is. Whether it may write shows in no answer to a question, only in PagerDuty's list of keys."""
    if owner:
        yield PAGERDUTY.warning(
            f"key: belongs to {owner}, and has all their rights",
            "PagerDuty > Integrations > API Access Keys > Create New API Key, not read-only: set PAGERDUTY_TOKEN.",
        )
    else:
        yield PAGERDUTY.ok(
            "key: the account's; that it may write, which paging needs, cannot be seen by reading (Integrations > "
            "API Access Keys shows whether it is read-only)"
        )


def _schedules(
    settings: Settings, pagerduty: PagerDutyService, now: datetime, notes: Notes
) -> Iterator[Finding]:
    names = list(dict.fromkeys(region.schedule for region in settings.region))
    ids = pagerduty.schedule_ids(names)
    shifts = pagerduty.on_call(list(ids.values()), since=now, until=now + AHEAD) if ids else []
    notes.on_call |= {shift.person.pagerduty: shift.person for shift in shifts}
    regions = [
        (each.schedule, Region(each.name, each.zone, each.opens, each.closes)) for each in settings.region
    ]
    here = region_at(now, tuple(region for _, region in regions))
    at_work = {name for name, region in regions if here is not None and region.name == here.name}
    for name in names:
        turns = [shift for shift in shifts if shift.schedule_id == ids.get(name)]
        yield from schedule(name, name in ids, turns, now, name in at_work)
    yield from nobody(shifts, now)


def schedule(
    name: str, is_there: bool, turns: Sequence[Shift], now: datetime, is_at_work: bool
) -> Iterator[Finding]:
    """One schedule, and who is on call in it now, or next where its region is not at work."""
    place = f"PagerDuty > People > On-Call Schedules > {name}"
    if not is_there:
        yield PAGERDUTY.fix(
            f"schedule {name}: not found",
            "Write its name as PagerDuty > People > On-Call Schedules has it into starbot.toml, schedule of its "
            "[[region]].",
        )
        return
    present = on_call_now(turns, now)
    coming = min((turn for turn in turns if turn.start and turn.start > now), key=_start, default=None)
    if present:
        yield PAGERDUTY.ok(f"schedule {name}: {', '.join(present)} on call")
    elif coming is None:
        yield PAGERDUTY.warning(f"schedule {name}: nobody for {AHEAD.days} days", f"{place}: add somebody.")
    elif is_at_work:
        yield PAGERDUTY.warning(
            f"schedule {name}: nobody is on call, in its region's hours",
            f"{place}: fill the gap, or mend opens and closes of its [[region]] in starbot.toml.",
        )
    else:
        yield PAGERDUTY.ok(f"schedule {name}: next {coming.person.name}, {coming.start:%a %H:%M} UTC")


def nobody(shifts: Sequence[Shift], now: datetime) -> Iterator[Finding]:
    """A STAR that is filed now should find somebody."""
    if not on_call_now(shifts, now):
        yield PAGERDUTY.warning(
            "nobody is on call in any schedule now: a STAR would mention the fallback group",
            "PagerDuty > People > On-Call Schedules: fill the gap.",
        )


def on_call_now(shifts: Sequence[Shift], now: datetime) -> Collection[str]:
    """The names of those whose turn it is."""
    there = [s for s in shifts if (s.start is None or s.start <= now) and (s.end is None or now < s.end)]
    return list(dict.fromkeys(shift.person.name for shift in there))


def _start(turn: Shift) -> datetime:
    assert turn.start is not None, "a turn that comes has a beginning"
    return turn.start


def _paging(paging: PagingSettings, pagerduty: PagerDutyService) -> Iterator[Finding]:
    services = {
        "backup_service": paging.backup_service,
        "emergency_service": paging.emergency_service,
        "manager_service": paging.manager_service,
    }
    services |= {"help_service": paging.help_service} if paging.help_service else {}
    yield from page_targets("service", services, pagerduty.service_ids(services.values()))
    policies = {"emergency_policy": paging.emergency_policy}
    policies |= {"help_policy": paging.help_policy} if paging.help_policy else {}
    yield from page_targets("escalation policy", policies, pagerduty.policy_ids(policies.values()))


def page_targets(what: str, wanted: Mapping[str, str], found: Collection[str]) -> Iterator[Finding]:
    """What `/star-page` pages, by the setting that names it. Nobody is paged to find out."""
    place = "Services > Service Directory" if what == "service" else "People > Escalation Policies"
    for setting, name in wanted.items():
        if name in found:
            yield PAGERDUTY.ok(f"{what} {name}: there")
        else:
            yield PAGERDUTY.fix(
                f"{what} {name}: not found, so nobody can be paged there",
                f"Write its name as PagerDuty > {place} has it into starbot.toml, {setting} under [paging].",
            )


def speaks_as(email: str, is_known: bool) -> Iterator[Finding]:
    """PAGERDUTY_FROM must be somebody PagerDuty knows: whoever has no account there pages in that name."""
    if email and not is_known:
        yield PAGERDUTY.fix(
            f"PAGERDUTY_FROM: nobody has the address {email}",
            "Take the e-mail address of a user under PagerDuty > People > Users, or leave it empty.",
        )
    elif not email:
        yield PAGERDUTY.warning(
            "PAGERDUTY_FROM: not set, so managers without a PagerDuty account cannot page",
            "Take the e-mail address of a user under PagerDuty > People > Users.",
        )
    else:
        yield PAGERDUTY.ok(f"PAGERDUTY_FROM: {email}")
