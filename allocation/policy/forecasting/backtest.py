"""What each method would have said in past weeks, at fixed hours, knowing only what came before."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from statistics import median

from allocation.policy.errors import RuleError
from allocation.policy.forecasting.chooser import METHODS, choose
from allocation.policy.forecasting.contract import Outlook
from allocation.policy.forecasting.forecast import calibrated, outlook
from allocation.policy.forecasting.intervals import Calibration
from allocation.policy.forecasting.linear import LINEAR
from allocation.policy.forecasting.methods import Expected, Method
from allocation.policy.forecasting.scores import exhausted_at
from allocation.policy.forecasting.series import HOUR, HourlyTokens
from allocation.policy.forecasting.views import Timeline, View
from allocation.policy.weeks import Window
from allocation.policy.zones import DEFAULT_BOUNDS, Bounds, Zone, zone_at

ORIGINS = (6, 12, 24, 36, 48, 72, 96, 120, 144)
# The name under which the method that the chooser took for each week is shown.
CHOOSER = "chooser"
FEWEST_PAST_WEEKS = 3
# The limit that a week is measured against when none is given: this times the median of its past.
LIMIT_OVER_MEDIAN = Fraction(11, 10)
# Weeks below this share of the series' median are left out of the error figures.
IDLE_SHARE = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Series:
    """One user's use and whole budget weeks, oldest first."""

    name: str
    hours: HourlyTokens
    weeks: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What one method said about one week `origin` hours into it, and what came.

    `exhausted` is when the limit was reached, None if it never was; `zone` the zone at reset.
    """

    series: str
    method: str
    week: Window
    origin: int
    made_at: datetime
    said: Outlook
    said_zone: Zone
    total: int
    zone: Zone
    exhausted: datetime | None


@dataclass(frozen=True, slots=True)
class Tested:
    """What of one series was tested, in whole weeks.

    Of `weeks`, the first `learned` only served as past and `idle` ones came to less than a tenth
    of the series' median. `too_early` counts the origins at which nothing had been used yet.
    """

    series: str
    weeks: int
    learned: int
    idle: int
    too_early: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the figures must know of this series, in sentences."""
        notes = []
        if self.weeks <= FEWEST_PAST_WEEKS:
            notes.append(
                f"{self.series}: not tested; it has {self.weeks} of the "
                f"{FEWEST_PAST_WEEKS + 1} whole budget weeks that are needed."
            )
        if self.idle:
            notes.append(
                f"{self.series}: weeks left out for less than a tenth of the median: {self.idle}."
            )
        if self.too_early:
            notes.append(
                f"{self.series}: origins left out because nothing had been used yet: "
                f"{self.too_early}."
            )
        return tuple(notes)


@dataclass(frozen=True, slots=True)
class Backtest:
    """All cases, and what they were taken from."""

    cases: tuple[Case, ...]
    tested: tuple[Tested, ...]


def backtest(
    series: Sequence[Series],
    *,
    methods: Sequence[str] = (*METHODS, CHOOSER),
    origins: Sequence[int] = ORIGINS,
    limit: Fraction | int | None = None,
    bounds: Bounds = DEFAULT_BOUNDS,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Backtest:
    """Every method at every origin (hours into the week) of every week with enough past.

    All methods are scored on the same cases: those where linear has something to say, too. `limit`
    is the effective limit in tokens; without one it is LIMIT_OVER_MEDIAN times the median of the
    weeks before. `progress` is called with the steps done and the steps there are.

    Raises RuleError for a method that there is not.
    """
    for name in methods:
        if name not in METHODS and name != CHOOSER:
            raise RuleError(
                f"There is no method {name}; there are {', '.join(METHODS)}, {CHOOSER}."
            )
    cases: list[Case] = []
    tested = []
    steps = len(series) * len(origins)
    for number, one in enumerate(series):
        run = _Run(one, limit, bounds)
        for step, origin in enumerate(origins, 1):
            cases += run.cases(methods, origin)
            progress(number * len(origins) + step, steps)
        tested.append(run.tested())
    return Backtest(tuple(cases), tuple(tested))


class _Run:
    """One series: its weeks, their limits, and when these were reached."""

    def __init__(self, series: Series, limit: Fraction | int | None, bounds: Bounds) -> None:
        self._name = series.name
        self._bounds = bounds
        self._hours = series.hours
        self._timeline = Timeline(series.hours, series.weeks)
        self._numbers = range(len(self._timeline))
        totals = [self._timeline.total(number) for number in self._numbers]
        least = max(Fraction(1), IDLE_SHARE * Fraction(median(totals or [0])))
        self._totals = totals
        self._idle = {n for n in self._numbers[FEWEST_PAST_WEEKS:] if totals[n] < least}
        self._scored = set(self._numbers[FEWEST_PAST_WEEKS:]) - self._idle
        self._limits = {
            n: max(LIMIT_OVER_MEDIAN * Fraction(median(totals[:n])), Fraction(1))
            if limit is None
            else Fraction(limit)
            for n in self._scored
        }
        self._exhausted = {
            n: exhausted_at(series.hours, self._timeline.week(n), float(self._limits[n]))
            for n in self._scored
        }
        self._too_early = 0

    def tested(self) -> Tested:
        learned = min(len(self._totals), FEWEST_PAST_WEEKS)
        return Tested(self._name, len(self._totals), learned, len(self._idle), self._too_early)

    def cases(self, methods: Sequence[str], origin: int) -> Iterator[Case]:
        seen = {n: view for n in self._numbers if (view := self._timeline.finished(n, origin))}
        early = {n for n, view in seen.items() if LINEAR.expect([view]) == [None]}
        self._too_early += len(early & self._scored)
        scored = self._scored - early
        views = list(seen.values())
        said = {name: method.expect(views) for name, method in METHODS.items()}
        streams = {name: calibrated(views, said[name]) for name in self._speakers(methods)}
        for number, view, picked, *moment in zip(
            seen, views, choose(views, said), *streams.values(), strict=True
        ):
            if number not in scored:
                continue
            heard = dict(zip(streams, moment, strict=True))
            for name in methods:
                method = picked if name == CHOOSER else METHODS[name]
                expected, calibration = heard[method.name]
                if expected is not None:
                    yield self._case(
                        name=name,
                        method=method,
                        number=number,
                        view=view,
                        expected=expected,
                        calibration=calibration,
                    )

    @staticmethod
    def _speakers(methods: Sequence[str]) -> list[str]:
        return [name for name in METHODS if name in methods or CHOOSER in methods]

    def _case(
        self,
        *,
        name: str,
        method: Method,
        number: int,
        view: View,
        expected: Expected,
        calibration: Calibration,
    ) -> Case:
        week, total, limit = self._timeline.week(number), self._totals[number], self._limits[number]
        begin = self._hours.first + HOUR * self._hours.index(week.start)
        made_at = begin + HOUR * view.elapsed
        said = outlook(
            method=method,
            view=view,
            expected=expected,
            calibration=calibration,
            limit=limit,
            bounds=self._bounds,
            now=made_at,
            end=week.end,
        )
        return Case(
            series=self._name,
            method=name,
            week=week,
            origin=int(view.elapsed),
            made_at=made_at,
            said=said,
            # The baseline stays what the report has: one figure, and the zone that it falls into.
            said_zone=self._zone(said.point, limit) if method.by_clock else said.zone,
            total=total,
            zone=self._zone(total, limit),
            exhausted=self._exhausted[number],
        )

    def _zone(self, total: int, limit: Fraction) -> Zone:
        return zone_at(total / limit if limit else Fraction(1), self._bounds)
