"""What is said of the running week, over the API and with `--json`; week_shapes.py has the keys."""

from datetime import datetime
from fractions import Fraction

from allocation.api import week_shapes as shapes
from allocation.budgets.operations import limit_was_set
from allocation.decisions.preflight import PlannedRun, Preflight
from allocation.directives.models import StrategicDirective
from allocation.display.json_values import dollars, iso, number, share
from allocation.forecasts.chance import ZoneChances, newest_word
from allocation.forecasts.history import amount_of
from allocation.forecasts.models import Forecast
from allocation.forecasts.outlook import Outlook, outlook_at
from allocation.forecasts.record import Record, coverage_of, forecast_record
from allocation.policy.meter import Meter
from allocation.policy.preflight import TokenRange
from allocation.policy.recommend import Recommendation
from allocation.policy.zones import Zone
from allocation.reports.this_week import Plan, ThisWeek, plan_for, plan_for_next, this_week
from allocation.usage.standing import Standing
from allocation.usage.words import KEYS

OFF = "OFF"


def week_at(now: datetime) -> shapes.Week:
    """The running week in full, at `now`."""
    return _week(this_week(now), forecast_record(now))


def next_at(now: datetime) -> shapes.Plan:
    """The plan for the SD whose turn it is, if there is one."""
    return _plan(plan_for_next(now))


def check_at(sd: StrategicDirective, now: datetime) -> shapes.Plan:
    """The plan for an SD. Raises RuleError if it is over."""
    return _plan(plan_for(sd, now))


def forecast_at(now: datetime) -> shapes.Outlook:
    """The standing, the linear baseline, the forecast that spoke last, and the record."""
    outlook = outlook_at(now)
    meter, newest = outlook.standing.meter, newest_word(outlook.standing)
    return {
        **standing(outlook.standing),
        "forecast": _linear(outlook),
        "newest": _newest(newest, meter) if newest else None,
        "forecast_accuracy": accuracy(forecast_record(now), meter),
    }


def _week(found: ThisWeek, record: Record) -> shapes.Week:
    meter, used = found.plan.standing.meter, found.plan.standing.used
    return {
        **_plan(found.plan),
        "limit_is_guess": not limit_was_set(),
        "forecast_accuracy": accuracy(record, meter),
        "sub_agents": [
            {
                "key": KEYS.get(who, who),
                "budget_tokens": number(part.budget, meter),
                "raw": part.counts.raw,
                "usd": dollars(part.usd) if part.usd is not None else None,
                "percent": share(part.budget / used) if used else 0.0,
            }
            for who, part in found.spending
        ],
        "optimisation": {
            "summary": found.optimisation.summary,
            "top": [
                {
                    "sub_agent": each.sub_agent,
                    "phase": each.phase,
                    "tier": each.to,
                    "title": each.title,
                    "saves_per_week": each.per_week,
                }
                for each in found.optimisation.rows
            ],
        },
        "overrides": [
            {
                "id": override.pk,
                "sub_agent": override.sub_agent.code,
                "phase": override.phase or None,
                "tier": override.tier.name,
                "reason": override.reason,
                "expires_at": iso(override.expires_at),
            }
            for override in found.overrides
        ],
    }


def _plan(found: Plan) -> shapes.Plan:
    return {
        **standing(found.standing),
        "forecast": _linear(found.outlook),
        "next_sd": _next_sd(found.preflight, found) if found.preflight else None,
    }


def standing(found: Standing) -> shapes.Standing:
    """Where the week stands."""
    meter, usd = found.meter, found.burned.usd
    return {
        "at": iso(found.at),
        "light": found.zone.value if found.enabled else OFF,
        "enabled": found.enabled,
        "week": {"start": iso(found.window.start), "end": iso(found.window.end)},
        "time_zone": found.clock.key,
        "meter": meter.name,
        "unit": _unit(meter),
        "limit": number(found.limit, meter),
        "reserve": number(found.reserve, meter),
        "effective_limit": number(found.effective_limit, meter),
        "used": number(found.used, meter),
        "remaining": number(found.remaining, meter),
        "over": number(found.over, meter),
        "percent": share(found.share),
        "zone": found.zone.value,
        "exhausted": found.exhausted,
        "raw": found.burned.counts.raw,
        "records": found.burned.records,
        "usd": dollars(usd) if usd is not None else None,
        "unpriced_records": found.burned.unpriced,
    }


def _linear(found: Outlook) -> shapes.Linear:
    meter, rate = found.standing.meter, found.linear
    return {
        "method": "linear",
        "too_early": found.too_early or None,
        "basis": rate.basis.value if rate else None,
        "per_hour": number(rate.per_hour, meter) if rate else None,
        "per_day": number(rate.per_hour * 24, meter) if rate else None,
        "at_reset": number(rate.at_reset, meter) if rate else None,
        "zone_at_reset": zone.value if (zone := found.zone_at_reset) else None,
        "exhausts_at": iso(rate.exhausts_at) if rate else None,
        "exhausts_before_reset": rate.before_reset if rate else None,
        "buffered": rate.buffered if rate else None,
    }


def _unit(meter: Meter) -> str:
    return "usd" if meter.in_dollars else "tokens"


def accuracy(record: Record, meter: Meter) -> shapes.Accuracy | None:
    """How good past forecasts were; None while there is no record."""
    if not record.weeks:
        return None
    last = record.weeks[0]
    meter = last.meter or meter
    inside, of = record.inside80
    return {
        "weeks": record.scored_weeks,
        "median_error_percent": None if record.error is None else round(record.error * 100, 2),
        "inside_80": {"count": inside, "of": of},
        "last_week": {
            "start": iso(last.week.start),
            "unit": _unit(meter),
            "predicted": number(amount_of(last.predicted, meter), meter),
            "actual": number(amount_of(last.actual, meter), meter),
            "accuracy_percent": None if last.accuracy is None else float(last.accuracy),
        },
    }


def _newest(found: Forecast, meter: Meter) -> shapes.Newest:
    chance, coverage = found.exhaustion_chance, coverage_of(found)
    return {
        "made_at": iso(found.made_at),
        "method": found.method,
        "at_reset": number(amount_of(found.point or 0, meter), meter),
        "interval_50": _interval(found.low50, found.high50, meter),
        "interval_80": _interval(found.low80, found.high80, meter),
        "coverage": {
            "weeks": coverage.weeks,
            "inside_50": coverage.inside50,
            "inside_80": coverage.inside80,
        },
        "zone_at_reset": found.zone or None,
        "zone_chances": {  # best first, which a JSON column does not keep
            zone.value: round(100 * found.zone_chances[zone.value], 1)
            for zone in Zone
            if zone.value in found.zone_chances
        },
        "exhausts_at": iso(found.exhaustion_median) if found.exhaustion_median else None,
        "exhausts_80": [
            iso(at) if at else None for at in (found.exhaustion_early, found.exhaustion_late)
        ],
        "exhaustion_chance_percent": None if chance is None else share(Fraction(chance)),
    }


def _interval(low: int | None, high: int | None, meter: Meter) -> list[shapes.Amount] | None:
    if low is None or high is None:
        return None
    return [number(amount_of(each, meter), meter) for each in (low, high)]


def _next_sd(found: Preflight, plan: Plan) -> shapes.NextSd:
    week, meter, opus = plan.standing, plan.standing.meter, plan.all_on_opus
    return {
        "sd": found.sd.code,
        "title": found.sd.title,
        "complexity": found.sd.complexity,
        "critical": found.sd.critical,
        "status": found.sd.status,
        "phase": found.sd.phase or None,
        "estimate": found.sd.estimate,
        "projected": number(found.projected, meter),
        "projected_80": [number(found.low, meter), number(found.high, meter)],
        "remaining_after": number(found.remaining_after, meter),
        "percent_after": share((week.used + found.projected) / week.effective_limit),
        "zone_now": found.zone_now.value,
        "zone_after": found.zone_after.value,
        "tokens": _tokens(found.tokens),
        "besides": _tokens(found.besides) if found.besides else None,
        "begun": [
            {
                "phase": each.phase.value,
                "burned": each.burned,
                "expected": _tokens(each.expected),
            }
            for each in found.begun
        ],
        "zone_chances": _chances(plan.chances) if plan.chances else None,
        "all_on_opus": None if opus is None else number(opus, meter),
        "runs": [_run(run, meter) for run in found.runs],
    }


def _tokens(found: TokenRange) -> shapes.Tokens:
    return {
        "low": found.low,
        "middle": found.middle,
        "high": found.high,
        "evidence": found.evidence.name.lower(),
        "n": found.n,
    }


def _chances(found: ZoneChances) -> shapes.Chances:
    coverage = coverage_of(found.forecast)
    return {
        "without": {each.value: round(100 * at, 1) for each, at in found.without.items()},
        "with": {each.value: round(100 * at, 1) for each, at in found.with_sd.items()},
        "inside_80": {"count": coverage.inside80, "of": coverage.weeks},
    }


def _run(run: PlannedRun, meter: Meter) -> shapes.Run:
    answer = run.recommendation
    return {
        "sub_agent": run.sub_agent,
        "phase": run.phase.value,
        "outcome": answer.outcome.value,
        "model": answer.tier.name if answer.tier else None,
        "rank": answer.tier.rank if answer.tier else None,
        "floor": answer.floor.name,
        "preferred": answer.preferred.name,
        "reason": answer.reason,
        "why": _why(answer),
        "tokens_min": run.tokens_min,
        "tokens_max": run.tokens_max,
        "budget_tokens": number(run.budget, meter),
        "evidence": run.tokens.evidence.name.lower(),
        "n": run.tokens.n,
    }


_WHY = {
    "override": "the Chairman’s override",
    "off": "registered default",
    "pause": "paused until the Chairman approves",
}


def _why(answer: Recommendation) -> str:
    """The deciding step in a few words; `reason` is the full sentence."""
    rule = answer.path[-1].rule
    if rule in _WHY:
        return _WHY[rule]
    if answer.tier is None:
        return "deferred: opus floor in the Red zone"
    if rule == "floor":
        before = answer.path[-2].tier
        return "its floor" if before is None or before < answer.tier else "its floor gives way"
    if answer.tier < answer.preferred:
        return f"saves tokens; prefers {answer.preferred.name}"
    return "preferred" if answer.tier == answer.preferred else "critical or complex"
