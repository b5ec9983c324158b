"""What the checkpoint form is filled in with, from the state of an SD."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum

from allocation.catalog.models import Tier
from allocation.catalog.pricing import load_price_book
from allocation.checkpoints.counting import captured_since_last, uncounted_records
from allocation.checkpoints.models import Checkpoint
from allocation.directives.models import Status, StrategicDirective
from allocation.policy.mix import Mix
from allocation.policy.phases import CheckpointKind, Phase, next_kind, phase_burned
from allocation.usage.totals import FRESH

OPEN = (Status.IN_PROGRESS, Status.PAUSED, Status.PROPOSED, Status.DEFERRED)


@dataclass(frozen=True, slots=True)
class Defaults:
    """The usual next checkpoint of an SD. `captured` are fresh tokens that were counted already."""

    sd: StrategicDirective | None = None
    kind: CheckpointKind = CheckpointKind.START
    phase: Phase = Phase.LEAD
    captured: int = 0
    mix: Mix | None = None

    def initial(self) -> dict[str, Any]:
        """The values of the form's fields. Nothing captured leaves the tokens empty."""
        return {
            "sd": self.sd,
            "kind": self.kind.value,
            "phase": self.phase.value,
            "tokens": self.captured or None,
            "mix": dict(self.mix or {}),
        }


def open_sds() -> QuerySet[StrategicDirective]:
    """The SDs that a checkpoint can be logged for, the ones under way first."""
    return StrategicDirective.objects.filter(status__in=OPEN).order_by("-phase", "code")


def usual_sd() -> StrategicDirective | None:
    """The SD in progress, if it is the only one."""
    found = list(StrategicDirective.objects.filter(status=Status.IN_PROGRESS)[:2])
    return found[0] if len(found) == 1 else None


def defaults_for(
    sd: StrategicDirective | None, *, now: datetime, kind: CheckpointKind | None = None
) -> Defaults:
    """The usual next checkpoint of an SD, or what goes with the `kind` that was chosen."""
    if sd is None:
        return Defaults(kind=kind or CheckpointKind.START)
    current = Phase(sd.phase) if sd.phase else None
    kind = kind or usual_kind(sd)
    phase = phase_burned(kind, current)
    captured = captured_since_last(sd=sd, phase=phase, until=now)
    return Defaults(
        sd=sd,
        kind=kind,
        phase=phase,
        captured=captured,
        mix=_captured_mix(sd, phase, now) if captured else _last_mix(sd),
    )


def usual_kind(sd: StrategicDirective, phase: Phase | None = None) -> CheckpointKind:
    """The checkpoint that usually comes next for an SD, or that ends the phase that is named."""
    phase = phase or (Phase(sd.phase) if sd.phase else None)
    ended = Checkpoint.objects.filter(sd=sd, kind=CheckpointKind.EXEC_TO_PLAN.value)
    return next_kind(phase, completed_exec=ended.exists())


def _last_mix(sd: StrategicDirective) -> Mix:
    """The mix of the SD's last checkpoint that had one: what runs, mostly runs on."""
    mixes = Checkpoint.objects.filter(sd=sd).exclude(mix={}).values_list("mix", flat=True)
    return mixes.first() or {}


def _captured_mix(sd: StrategicDirective, phase: Phase, now: datetime) -> Mix:
    """The mix of what was captured, in whole percent; empty if a model has no tier."""
    tiers = load_price_book().tiers
    by_tier: Counter[str] = Counter()
    records = uncounted_records(sd=sd, phase=phase, until=now).order_by()
    for model, tokens in records.values_list("model").annotate(fresh=Sum(FRESH)):
        by_tier[tiers.get(model, "")] += tokens
    if by_tier[""]:
        return {}
    names = Tier.objects.values_list("name", flat=True)
    return whole_shares({name: by_tier[name] for name in names if name in by_tier})


def whole_shares(amounts: Mapping[str, int]) -> dict[str, int]:
    """Shares that add up to 100 (largest remainders get the rest), without those that are 0."""
    total = sum(amounts.values())
    if not total:
        return {}
    exact = {name: divmod(100 * amount, total) for name, amount in amounts.items() if amount}
    shares = {name: quotient for name, (quotient, _) in exact.items()}
    by_remainder = sorted(exact, key=lambda name: exact[name][1], reverse=True)
    for name in by_remainder[: 100 - sum(shares.values())]:
        shares[name] += 1
    return {name: share for name, share in shares.items() if share}
