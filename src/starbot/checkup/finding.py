"""What a check comes to: fine, worth a look, or to be mended, with the mend in a sentence."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from starbot.errors import RefusedReason, ServiceDelayed, ServiceRefused

Level: TypeAlias = Literal["ok", "warning", "fix"]

Step: TypeAlias = Callable[[], Iterable["Finding"]]
"""One question to a vendor and what its answer means."""

Skew: TypeAlias = Callable[[], float | None]
"""How many seconds a vendor's clock is ahead of ours; None where it does not say."""

WARN_SKEW_S, FIX_SKEW_S = 5.0, 60.0


class Finding(NamedTuple):
    """One line. `part` is who it is about; `mend` names the place to click or the line to change."""

    part: str
    level: Level
    what: str
    mend: str = ""


class Part:
    """Makes the findings of one part."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ok(self, what: str) -> Finding:
        """As it should be."""
        return Finding(self.name, "ok", what)

    def warning(self, what: str, mend: str) -> Finding:
        """It works, and somebody should know."""
        return Finding(self.name, "warning", what, mend)

    def fix(self, what: str, mend: str) -> Finding:
        """It will not work."""
        return Finding(self.name, "fix", what, mend)

    def walk(self, steps: Sequence[Step], mends: Mapping[RefusedReason, str]) -> Iterator[Finding]:
        """Every step's findings. A vendor that does not answer, or does not know us, is asked no further."""
        for step in steps:
            try:
                yield from step()
            except ServiceDelayed as delay:
                yield self.silent(delay.what)
                return
            except ServiceRefused as no:
                is_stranger = no.reason == "unauthorized"
                yield self.refused(no, mends, "; the rest was not asked" if is_stranger else "")
                if is_stranger:
                    return

    def silent(self, what: str) -> Finding:
        """No answer came."""
        return self.fix(
            f"does not answer ({what}); the rest was not asked",
            f"See {self.name}'s status page and this machine's way out (proxy, firewall); then run this again.",
        )

    def refused(self, no: ServiceRefused, mends: Mapping[RefusedReason, str], more: str = "") -> Finding:
        """The vendor said no."""
        mend = mends.get(no.reason, f"Ask the admin of {self.name} what the bot's user may do there.")
        return self.fix(f"{no.what}: {no.reason.replace('_', ' ')}{more}", mend)

    def clock(self, skew_s: float | None) -> Iterator[Finding]:
        """How far this machine's clock is from theirs; nothing where they do not say."""
        if skew_s is None:
            return
        apart = abs(skew_s)
        side = "behind" if skew_s > 0 else "ahead"
        what = f"clock: this machine is {apart:.0f} s {side}"
        mend = "Let this machine set its clock by NTP: timedatectl set-ntp true."
        if apart > FIX_SKEW_S:
            yield self.fix(f"{what}; at 300 s signatures fail", mend)
        elif apart > WARN_SKEW_S:
            yield self.warning(what, mend)
        else:
            yield self.ok("clock: agrees with this machine's")


def listed(names: Iterable[str]) -> str:
    """Names in one line, in order."""
    return ", ".join(sorted(names, key=str.casefold))
