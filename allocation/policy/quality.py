"""Quality: what reviews, tests and runs say of a tier, when that asks for a rollback (risks R2 and
R8 of the report), and how complete data must be before it may be relied on (its step 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from allocation.policy.errors import RuleError
from allocation.policy.tiers import OPUS, Tier

# A pass rate that falls by more than this many percent points after a downgrade is an alarm (R8).
MOST_DROP = 5
# Above this share of runs that had to be done again, in percent, the tier is too weak (R2).
MOST_REWORK = 30
# With fewer results on either side one failure alone would move a rate by more than the bound.
ENOUGH = 10
# More tests or issues in one event are a slip of the key.
MOST_COUNTED = 1_000_000


class EventKind(StrEnum):
    """What kinds of quality results are logged."""

    REVIEW = "review"  # of one piece of code: approved or not
    E2E = "e2e"  # one run of the end-to-end tests: how many passed, how many failed
    SECURITY = "security"  # one security check: how many issues it found


def check_event(kind: EventKind, *, passed: int, failed: int) -> None:
    """Refuse counts that no such event can have. Raises RuleError.

    A review counts 1 in all. A security check counts its issues as failed and nothing as passed,
    so that a check without issues is 0 of both and still an event.
    """
    if passed < 0 or failed < 0:
        raise RuleError("A number of tests or issues cannot be negative.")
    if passed + failed > MOST_COUNTED:
        raise RuleError(f"{passed + failed:,} cannot be the count of one event.")
    if kind is EventKind.REVIEW and passed + failed != 1:
        raise RuleError("A review was passed or failed, once: log one event for each.")
    if kind is EventKind.E2E and passed + failed == 0:
        raise RuleError("No test ran: give how many passed and how many failed.")
    if kind is EventKind.SECURITY and passed:
        raise RuleError("A security check counts issues: give their number, 0 if it found none.")


@dataclass(frozen=True, slots=True)
class TierResults:
    """How the runs of one sub-agent in one phase ended on one tier, from `first` to `last`."""

    tier: Tier
    passed: int
    failed: int
    rework: int
    first: datetime
    last: datetime

    @property
    def n(self) -> int:
        """Runs with a known end."""
        return self.passed + self.failed + self.rework

    @property
    def pass_rate(self) -> Fraction:
        """The share that passed at the first try. Needs at least one run."""
        return Fraction(self.passed, self.n)

    @property
    def rework_rate(self) -> Fraction:
        """The share that had to be done again. Needs at least one run."""
        return Fraction(self.rework, self.n)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A tier that does a sub-agent's work too badly, and the tier to go back to.

    `before` holds the results on the higher tier where the pass rate fell, `too_much_rework` says
    that rework passed its bound; at least one of the two is the cause. `raise_to` is None where no
    tier above is left to propose.
    """

    after: TierResults
    before: TierResults | None
    too_much_rework: bool
    raise_to: Tier | None

    @property
    def drop(self) -> Fraction:
        """By how many percent points the pass rate fell; 0 where it was not compared."""
        if self.before is None:
            return Fraction(0)
        return 100 * (self.before.pass_rate - self.after.pass_rate)


def quality_alarms(
    results: Sequence[TierResults], *, least: Tier, tiers: Sequence[Tier]
) -> list[Alarm]:
    """The alarms for one sub-agent in one phase, from the least tier up.

    `least` is the least tier that its floor lets through now: what ran below it has been rolled
    back already. `tiers` are all there are; opus is the highest that is proposed.
    """
    found = []
    for after in sorted(results, key=lambda result: result.tier):
        if after.n < ENOUGH or after.tier < least:
            continue
        before = _before(after, results)
        fell = before is not None and 100 * (before.pass_rate - after.pass_rate) > MOST_DROP
        too_much = 100 * after.rework_rate > MOST_REWORK
        if not fell and not too_much:
            continue
        above = min((tier for tier in tiers if after.tier < tier <= OPUS), default=None)
        found.append(
            Alarm(
                after=after,
                before=before if fell else None,
                too_much_rework=too_much,
                raise_to=before.tier if before and fell else above,
            )
        )
    return found


def _before(after: TierResults, results: Sequence[TierResults]) -> TierResults | None:
    """The results before a downgrade: on the next tier above that ran earlier and often enough."""
    above = [
        result
        for result in results
        if result.tier > after.tier and result.first < after.last and result.n >= ENOUGH
    ]
    return min(above, key=lambda result: result.tier, default=None)


class Readiness(StrEnum):
    """How far a kind of data may be relied on."""

    NO_DATA = "no data yet"
    NOT_READY = "not ready"
    CALIBRATE = "needs calibration"
    READY = "ready"


def readiness(part: int, of: int) -> Readiness:
    """How far data may be relied on that is complete in `part` of `of` cases.

    From 90 % on it is ready, from 50 % on it needs calibration: in the report's matrix 90 and 95 %
    can be used, and what is at 50 % can be estimated from.
    """
    if of <= 0:
        return Readiness.NO_DATA
    if 10 * part >= 9 * of:
        return Readiness.READY
    if 2 * part >= of:
        return Readiness.CALIBRATE
    return Readiness.NOT_READY
