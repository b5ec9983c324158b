"""One forecast from its inputs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from allocation.policy.forecasting.chooser import METHODS, choose
from allocation.policy.forecasting.contract import (
    QUANTILE_LEVELS,
    Forecast,
    ForecastInputs,
    Outlook,
)
from allocation.policy.forecasting.course import Course
from allocation.policy.forecasting.exhaustion import exhaustion, zone_chances
from allocation.policy.forecasting.intervals import Calibration
from allocation.policy.forecasting.methods import Expected, Method
from allocation.policy.forecasting.series import HOUR, HourlyTokens
from allocation.policy.forecasting.views import Timeline, View
from allocation.policy.weeks import Window
from allocation.policy.zones import Bounds

# Older weeks have faded from every method; leaving them out keeps a forecast within 5 ms.
MOST_WEEKS = 16


def forecast(inputs: ForecastInputs, method: Method | None = None) -> Forecast:
    """The forecast at `inputs.now`, by the method given or else by the one that the chooser takes.

    After the reset it is what was used, without any doubt.
    """
    week = inputs.week
    weeks = (*sorted(inputs.past_weeks, key=lambda past: past.start)[-MOST_WEEKS:], week)
    hours = _needed(inputs.hours.before(min(inputs.now, week.end)), weeks)
    timeline = Timeline(hours, weeks)
    elapsed = max(0.0, (inputs.now - hours.first) / HOUR - hours.index(week.start))
    past = (timeline.finished(number, elapsed) for number in range(len(timeline) - 1))
    views = [*(view for view in past if view), timeline.running(elapsed)]
    spoken = {each.name: each.expect(views) for each in ([method] if method else METHODS.values())}
    method = method or choose(views, spoken)[-1]
    *_, (expected, calibration) = calibrated(views, spoken[method.name])
    return Forecast(
        method=method.name,
        version=method.version,
        # Of what was looked at, so that it can be made again from that and nothing else.
        inputs_digest=replace(inputs, hours=hours, past_weeks=weeks[:-1]).digest,
        made_at=inputs.now,
        used=views[-1].used,
        outlook=None
        if expected is None
        else outlook(
            method=method,
            view=views[-1],
            expected=expected,
            calibration=calibration,
            limit=inputs.effective_limit,
            bounds=inputs.bounds,
            now=inputs.now,
            end=week.end,
        ),
    )


def calibrated(
    views: Sequence[View], said: Sequence[Expected | None]
) -> Iterator[tuple[Expected | None, Calibration]]:
    """For each view what a method said, with its record up to then; the record then goes on."""
    calibration = Calibration()
    for view, expected in zip(views, said, strict=True):
        yield expected, calibration
        if expected is not None:
            calibration.note(view, expected)


def outlook(
    *,
    method: Method,
    view: View,
    expected: Expected,
    calibration: Calibration,
    limit: Fraction | int,
    bounds: Bounds,
    now: datetime,
    end: datetime,
) -> Outlook:
    """What a method's expectation (tokens still to come) and its record mean for one week."""
    remaining = calibration.distribution(view, expected.middle)
    interval50, interval80 = calibration.ranges(view, remaining, expected)
    course = Course(view, by_clock=method.by_clock)
    return Outlook(
        point=view.used + round(expected.point),
        interval50=interval50,
        interval80=interval80,
        quantiles=tuple(view.used + round(remaining.quantile(q)) for q in QUANTILE_LEVELS),
        course=course.per_mille(expected.middle),
        exhaustion=exhaustion(
            view=view,
            remaining=remaining,
            # The baseline stays what the report has: when its one figure reaches the limit.
            middle=expected.middle if method.by_clock else remaining.quantile(0.5),
            course=course,
            limit=limit,
            now=now,
            end=end,
        ),
        zone_chances=zone_chances(view, remaining, limit, bounds),
    )


def _needed(hours: HourlyTokens, weeks: tuple[Window, ...]) -> HourlyTokens:
    """The hours from the first of the weeks on; a running week that they miss begins with zeros."""
    skipped = hours.index(weeks[0].start)
    if skipped > 0:
        return HourlyTokens(hours.first + HOUR * skipped, hours.tokens[skipped:])
    missing = -min(0, hours.index(weeks[-1].start))
    return HourlyTokens(hours.first - HOUR * missing, (0,) * missing + hours.tokens)
