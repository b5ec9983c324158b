"""What the commands about the running week say, read here. Printed by other modules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import Q

from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.decisions.operations import Situation, situation_at
from allocation.decisions.preflight import Preflight, preflight
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.queue import next_sd
from allocation.floors.models import Override
from allocation.forecasts.chance import ZoneChances, zone_chances
from allocation.forecasts.outlook import Outlook, outlook_at
from allocation.forecasts.record import Record, forecast_record
from allocation.optimizer.top import TopOpportunities, top_opportunities
from allocation.policy.errors import RuleError
from allocation.policy.meter import Counts, budget_tokens
from allocation.policy.tiers import OPUS
from allocation.reports.guard import review_results
from allocation.usage.standing import Standing, running_week, standing_at
from allocation.usage.totals import Burned, burned, burned_by, total_of
from budgetctl.cli.rows import owners_clock

MAIN_THREAD = "main"


@dataclass(frozen=True, slots=True)
class Plan:
    """The running week, and what an SD would do to it if there is one. `clock` is the owner's.

    `chances` are those of each zone at reset; None without an SD, and while it is too early to say.

    `all_on_opus` is what the SD would use if every run of it were on opus, in the meter's unit;
    None without an SD, and where the meter cannot tell.
    """

    clock: ZoneInfo
    outlook: Outlook
    preflight: Preflight | None
    chances: ZoneChances | None
    all_on_opus: Fraction | None

    @property
    def standing(self) -> Standing:
        """How the week stands."""
        return self.outlook.standing


@dataclass(frozen=True, slots=True)
class Week:
    """The running week in full. `spending` is by sub-agent, the largest first."""

    plan: Plan
    record: Record
    spending: Sequence[tuple[str, Burned]]
    overrides: Sequence[Override]
    optimisation: TopOpportunities


def week_at(now: datetime) -> Week:
    """Everything that `status` says."""
    book = load_price_book()
    week = running_week(now)
    parts = burned_by(("sub_agent",), within=week.window, meter=week.meter, book=book)
    standing = week.standing(now, total_of(parts.values()))
    situation = situation_at(now, standing=standing)
    ranked = sorted(parts.items(), key=lambda item: (-item[1].budget, item[0]))
    return Week(
        plan=_plan(next_sd(), situation, book),
        record=forecast_record(now),
        spending=[(name or MAIN_THREAD, part) for (name,), part in ranked],
        overrides=situation.overrides,
        optimisation=top_opportunities(now, review_results),
    )


def plan_for_next(now: datetime) -> Plan:
    """What `next` says: the SD whose turn it is, if there is one."""
    return _plan_at(now, next_sd())


def plan_for(sd: StrategicDirective, now: datetime) -> Plan:
    """What `check` says of an SD. Raises RuleError if it is over."""
    if sd.status in {Status.COMPLETED, Status.ARCHIVED}:
        raise RuleError(f"{sd.code} is {sd.get_status_display()}: nothing of it is still ahead.")
    return _plan_at(now, sd)


def _plan_at(now: datetime, sd: StrategicDirective | None) -> Plan:
    book = load_price_book()
    return _plan(sd, situation_at(now, standing=standing_at(now, book=book)), book)


def _plan(sd: StrategicDirective | None, situation: Situation, book: PriceBook) -> Plan:
    standing = situation.standing
    flight = _preflight(sd, situation, book) if sd else None
    return Plan(
        clock=owners_clock(),
        outlook=outlook_at(standing.at, standing=standing, book=book),
        preflight=flight,
        chances=zone_chances(standing, flight.likely) if flight else None,
        all_on_opus=_on_opus(flight, standing, book) if flight else None,
    )


def _on_opus(flight: Preflight, standing: Standing, book: PriceBook) -> Fraction | None:
    tokens = Counts(unsplit=sum((run.tokens_min + run.tokens_max) // 2 for run in flight.runs))
    price = book.list_price(book.weighed_as.get(OPUS.name, ""), standing.at.date())
    return budget_tokens(tokens, standing.meter, list_price=price, charged=None, tier=OPUS.name)


def _preflight(sd: StrategicDirective, situation: Situation, book: PriceBook) -> Preflight:
    so_far = burned(where=Q(sd=sd), meter=situation.standing.meter, book=book).counts
    return preflight(sd, situation, book, burned=so_far.raw - so_far.cache_read)
