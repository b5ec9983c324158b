"""How runs ended, by sub-agent, phase and the tier that was seen to run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from allocation.catalog.models import ClaudeModel, Tier
from allocation.decisions.counts import alike, week_start
from allocation.decisions.models import Result
from allocation.policy import tiers
from allocation.policy.quality import TierResults
from allocation.usage.totals import RESOLUTION

# Results older than this speak of other models, prompts and code.
LOOK_BACK = timedelta(weeks=8)

Place = tuple[str, str]  # sub-agent, phase
Results = Mapping[Place, list[TierResults]]

# A row counts `passed`, `failed` and `rework` from `first` to `last`, of a sub-agent `of` in a
# `phase` that `ran` on a tier or a model.
Row = Mapping[str, Any]


def look_back(now: datetime) -> datetime:
    """When the results that are looked at begin: with a week, so that its counts can be used."""
    return week_start(now - LOOK_BACK)


def run_results(now: datetime) -> list[Row]:
    """Runs that ended in the look-back and of which somebody saw the model. Five queries."""
    known = ~Q(observed="") & ~Q(result="")
    by = ("sub_agent", "phase", "observed", "result")
    return [
        {
            **row,
            **{result.value: row["n"] * (row["result"] == result) for result in Result},
            "of": row["sub_agent"],
            "ran": row["observed"],
        }
        for row in alike(by, since=look_back(now), until=now + RESOLUTION, only=known)
    ]


def tiers_by_name() -> dict[str, tiers.Tier]:
    """The tier behind each name that `ran` may have: a tier's own, or a model's. Two queries."""
    by_name = {row.name: row.to_policy() for row in Tier.objects.all()}
    models = ClaudeModel.objects.values_list("model_id", "tier__name")
    return {model: by_name[tier] for model, tier in models} | by_name


def by_place(rows: Iterable[Row], tier_of: Mapping[str, tiers.Tier]) -> Results:
    """The rows by sub-agent and phase, one for each tier that somebody knows."""
    found: dict[tuple[str, str, tiers.Tier], TierResults] = {}
    for row in rows:
        tier = tier_of.get(row["ran"])
        if tier is None or not row["phase"]:
            continue
        key = (row["of"], row["phase"], tier)
        new = TierResults(
            tier, row["passed"], row["failed"], row["rework"], row["first"], row["last"]
        )
        found[key] = _sum(found[key], new) if key in found else new
    placed: dict[Place, list[TierResults]] = defaultdict(list)
    for (sub_agent, phase, _), results in found.items():
        placed[sub_agent, phase].append(results)
    return placed


def _sum(one: TierResults, other: TierResults) -> TierResults:
    return replace(
        one,
        passed=one.passed + other.passed,
        failed=one.failed + other.failed,
        rework=one.rework + other.rework,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
    )
