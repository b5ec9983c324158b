"""The running week as JSON. These keys are a promise to scripts: add to them, never rename.

Amounts of the budget (`limit`, `used`, `per_hour` …) are whole tokens, or decimal strings under a
meter in US dollars; `unit` says which. Percentages have two decimals and are cut, not rounded.
"""

from typing import Any

from allocation.decisions.preflight import PlannedRun, Preflight
from allocation.display.json_values import dollars, iso, number, share
from allocation.forecasts.chance import ZoneChances
from allocation.forecasts.models import Forecast
from allocation.forecasts.outlook import Outlook
from allocation.forecasts.record import Record, coverage_of
from allocation.policy.preflight import TokenRange
from allocation.policy.recommend import Recommendation
from allocation.usage.standing import Standing
from budgetctl.cli.forecasts import accuracy_json, newest_json
from budgetctl.cli.printing import unit
from budgetctl.cli.week import Plan, Week

Json = dict[str, Any]

_FORECAST_KEYS = (
    "basis",
    "per_hour",
    "at_reset",
    "zone_at_reset",
    "exhausts_at",
    "exhausts_before_reset",
    "buffered",
)


def status(week: Week) -> Json:
    """`status --json`: the standing, and forecast, forecast_accuracy, next_sd, sub_agents,
    overrides, optimisation (all of it: `optimize --json`)."""
    plan = week.plan
    meter = plan.standing.meter
    return {
        **standing(plan.standing),
        "forecast": forecast(plan.outlook),
        "forecast_accuracy": accuracy_json(week.record, meter),
        "next_sd": preflight(plan.preflight, plan) if plan.preflight else None,
        "sub_agents": [
            {
                "key": name,
                "budget_tokens": number(part.budget, meter),
                "raw": part.counts.raw,
                "usd": dollars(part.usd) if part.usd is not None else None,
                "percent": share(part.budget / plan.standing.used) if plan.standing.used else 0.0,
            }
            for name, part in week.spending
        ],
        "optimisation": {
            "summary": week.optimisation.summary,
            "top": [
                {"sub_agent": each.sub_agent, "phase": each.phase, "tier": each.to}
                for each in week.optimisation.rows
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
            for override in week.overrides
        ],
    }


def plan(value: Plan) -> Json:
    """`next --json` and `check --json`: the standing, and forecast and next_sd (or null)."""
    return {
        **standing(value.standing),
        "forecast": forecast(value.outlook),
        "next_sd": preflight(value.preflight, value) if value.preflight else None,
    }


def outlook(value: Outlook, newest: Forecast | None, record: Record) -> Json:
    """`forecast --json`: the standing, the linear baseline as `forecast`, the newest forecast of
    the ledger as `newest` (or null), and `forecast_accuracy` (or null)."""
    meter = value.standing.meter
    return {
        **standing(value.standing),
        "forecast": forecast(value),
        "newest": newest_json(newest, meter),
        "forecast_accuracy": accuracy_json(record, meter),
    }


def standing(value: Standing) -> Json:
    """Where the week stands."""
    meter = value.meter
    return {
        "at": iso(value.at),
        "enabled": value.enabled,
        "week": {"start": iso(value.window.start), "end": iso(value.window.end)},
        "meter": meter.name,
        "unit": "usd" if meter.in_dollars else unit(meter),
        "limit": number(value.limit, meter),
        "reserve": number(value.reserve, meter),
        "effective_limit": number(value.effective_limit, meter),
        "used": number(value.used, meter),
        "remaining": number(value.remaining, meter),
        "over": number(value.over, meter),
        "percent": share(value.share),
        "zone": value.zone.value,
        "exhausted": value.exhausted,
        "raw": value.burned.counts.raw,
        "usd": dollars(value.burned.usd) if value.burned.usd is not None else None,
        "unpriced_records": value.burned.unpriced,
    }


def forecast(value: Outlook) -> Json:
    """The linear baseline. Where it is too early to say, all but `too_early` is null."""
    meter = value.standing.meter
    said: Json = {"method": "linear", "too_early": value.too_early or None}
    linear = value.linear
    if linear is None:
        return said | dict.fromkeys(_FORECAST_KEYS)
    return said | {
        "basis": linear.basis.value,
        "per_hour": number(linear.per_hour, meter),
        "at_reset": number(linear.at_reset, meter),
        "zone_at_reset": zone.value if (zone := value.zone_at_reset) else None,
        "exhausts_at": iso(linear.exhausts_at),
        "exhausts_before_reset": linear.before_reset,
        "buffered": linear.buffered,
    }


def preflight(value: Preflight, plan: Plan) -> Json:
    """An SD before it starts: all amounts are estimates. `runs` has each sub-agent and phase.

    `tokens` and each run's `evidence` say what the ranges rest on and how many cases that has;
    `zone_chances` are percent at reset without the SD and with it, null while it is too early.
    """
    week, meter = plan.standing, plan.standing.meter
    return {
        "sd": value.sd.code,
        "title": value.sd.title,
        "complexity": value.sd.complexity,
        "critical": value.sd.critical,
        "status": value.sd.status,
        "phase": value.sd.phase or None,
        "estimate": value.sd.estimate,
        "projected": number(value.projected, meter),
        "remaining_after": number(value.remaining_after, meter),
        "percent_after": share((week.used + value.projected) / week.effective_limit),
        "zone_now": value.zone_now.value,
        "zone_after": value.zone_after.value,
        "projected_80": [number(value.low, meter), number(value.high, meter)],
        "tokens": _tokens(value.tokens),
        "besides": _tokens(value.besides) if value.besides else None,
        "zone_chances": _chances(plan.chances) if plan.chances else None,
        "runs": [_run(run, week) for run in value.runs],
    }


def _tokens(found: TokenRange) -> Json:
    return {
        "low": found.low,
        "middle": found.middle,
        "high": found.high,
        "evidence": found.evidence.name.lower(),
        "n": found.n,
    }


def _chances(found: ZoneChances) -> Json:
    coverage = coverage_of(found.forecast)
    return {
        "without": {each.value: round(100 * at, 1) for each, at in found.without.items()},
        "with": {each.value: round(100 * at, 1) for each, at in found.with_sd.items()},
        "inside_80": {"count": coverage.inside80, "of": coverage.weeks},
    }


def _run(run: PlannedRun, week: Standing) -> Json:
    return {
        "sub_agent": run.sub_agent,
        "phase": run.phase.value,
        **recommendation(run.recommendation),
        "tokens_min": run.tokens_min,
        "tokens_max": run.tokens_max,
        "budget_tokens": number(run.budget, week.meter),
        "evidence": run.tokens.evidence.name.lower(),
        "n": run.tokens.n,
    }


def recommendation(value: Recommendation) -> Json:
    """The answer for one run; `model` is the tier to run on, null if the run is put off."""
    return {
        "outcome": value.outcome.value,
        "model": value.tier.name if value.tier else None,
        "floor": value.floor.name,
        "preferred": value.preferred.name,
        "reason": value.reason,
    }
