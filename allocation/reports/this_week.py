"""The running week as it stands, and the SD ahead of it: what the week page, the API and the
command line say of both is read here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Q

from allocation.catalog.pricing import PriceBook, load_price_book
from allocation.decisions.preflight import Preflight, preflight
from allocation.decisions.situation import Situation, situation_at
from allocation.directives.models import OVER, StrategicDirective
from allocation.directives.queue import next_sd
from allocation.floors.models import Override
from allocation.forecasts.chance import ZoneChances, newest_word, zone_chances
from allocation.forecasts.models import Forecast
from allocation.forecasts.outlook import Outlook, outlook_at
from allocation.optimizer.top import TopOpportunities, top_opportunities
from allocation.policy.errors import RuleError
from allocation.policy.meter import Counts, budget_tokens
from allocation.policy.tiers import OPUS
from allocation.policy.weeks import days_of
from allocation.reports.guard import review_results
from allocation.usage.standing import Standing, running_week, standing_at
from allocation.usage.totals import Burned, burned_by, grouped, revision, total_of
from allocation.usage.words import sub_agent_in_words


@dataclass(frozen=True, slots=True)
class Plan:
    """The running week, and what an SD would do to it if there is one.

    - `newest`: the newest forecast of the chosen method; None while it is too early to say.
    - `chances`: the chance of each zone at the reset; None then, and without an SD.
    - `all_on_opus`: what the SD would use if every run of it were on opus, in the meter's unit;
      None without an SD, and where the meter cannot tell.
    """

    outlook: Outlook
    newest: Forecast | None
    preflight: Preflight | None
    chances: ZoneChances | None
    all_on_opus: Fraction | None

    @property
    def standing(self) -> Standing:
        """How the week stands."""
        return self.outlook.standing


@dataclass(frozen=True, slots=True)
class ThisWeek:
    """The running week in full, with the plan for the next SD.

    `hours` are in order. `days` are the midnights on the owner's clock that begin its days, and
    `by_agent_day` goes by who used the tokens, in words, and the index of one of them.
    """

    plan: Plan
    hours: Mapping[datetime, Burned]
    days: Sequence[datetime]
    by_agent_day: Mapping[tuple[str, int], Burned]
    overrides: Sequence[Override]
    optimisation: TopOpportunities

    @property
    def by_day(self) -> dict[datetime, Burned]:
        """What was used on each of the days."""
        return grouped((self.days[day], part) for (_, day), part in self.by_agent_day.items())

    @property
    def spending(self) -> list[tuple[str, Burned]]:
        """What each sub-agent used, and who else did in words, the largest first."""
        parts = grouped((who, part) for (who, _), part in self.by_agent_day.items())
        return sorted(parts.items(), key=lambda item: (-item[1].budget, item[0]))


def this_week(now: datetime) -> ThisWeek:
    """The running week at `now`, in a constant number of queries."""
    book, week, mark = load_price_book(), running_week(now), revision()
    by_hour = burned_by(("hour",), within=week.window, mark=mark, meter=week.meter, book=book)
    hours = {hour: part for (hour,), part in sorted(by_hour.items())}
    days = days_of(week.window, week.clock)
    by_agent_day = burned_by(
        ("sub_agent", "source", "day"),
        within=week.window,
        days=days,
        mark=mark,
        meter=week.meter,
        book=book,
    )
    standing = week.standing(now, total_of(hours.values()))
    situation = situation_at(now, standing=standing)
    outlook = outlook_at(now, standing=standing, hours=hours, book=book)
    return ThisWeek(
        plan=_plan(next_sd(), situation, outlook, book),
        hours=hours,
        days=days,
        by_agent_day=grouped(
            ((sub_agent_in_words(name, source), day), part)
            for (name, source, day), part in by_agent_day.items()
        ),
        overrides=situation.overrides,
        optimisation=top_opportunities(now, review_results),
    )


def plan_for_next(now: datetime) -> Plan:
    """The plan for the SD whose turn it is, if there is one."""
    return _plan_at(now, next_sd())


def plan_for(sd: StrategicDirective, now: datetime) -> Plan:
    """The plan for an SD. Raises RuleError if it is over."""
    if sd.status in OVER:
        raise RuleError(f"{sd.code} is {sd.get_status_display()}: nothing of it is still ahead.")
    return _plan_at(now, sd)


def _plan_at(now: datetime, sd: StrategicDirective | None) -> Plan:
    book = load_price_book()
    situation = situation_at(now, standing=standing_at(now, book=book))
    return _plan(sd, situation, outlook_at(now, standing=situation.standing, book=book), book)


def _plan(
    sd: StrategicDirective | None, situation: Situation, outlook: Outlook, book: PriceBook
) -> Plan:
    standing = outlook.standing
    newest = newest_word(standing)
    flight = _preflight(sd, situation, book) if sd else None
    return Plan(
        outlook=outlook,
        newest=newest,
        preflight=flight,
        chances=zone_chances(newest, standing, flight.likely) if newest and flight else None,
        all_on_opus=_on_opus(flight, standing, book) if flight else None,
    )


def _preflight(sd: StrategicDirective, situation: Situation, book: PriceBook) -> Preflight:
    parts = burned_by(("phase",), where=Q(sd=sd), meter=situation.standing.meter, book=book)
    so_far = {phase: part.counts.fresh for (phase,), part in parts.items()}
    return preflight(sd, situation, book, burned=so_far)


def _on_opus(flight: Preflight, standing: Standing, book: PriceBook) -> Fraction | None:
    tokens = Counts(unsplit=sum((run.tokens_min + run.tokens_max) // 2 for run in flight.runs))
    price = book.list_price(book.weighed_as.get(OPUS.name, ""), standing.at.date())
    return budget_tokens(tokens, standing.meter, list_price=price, charged=None, tier=OPUS.name)
