"""What became of a decision: the model that was seen to run, and how the run turned out."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from allocation.audit.operations import facts, record
from allocation.catalog.models import ClaudeModel, Tier
from allocation.decisions.counts import recount
from allocation.decisions.models import Decision, Result
from allocation.policy import tiers
from allocation.policy.errors import RuleError
from allocation.policy.model_truth import Truth, departs, model_truth

_OBSERVED = ("session_id", "agent_id", "observed", "mismatch")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What the one who ran it says of a run; "" leaves a value as it is.

    `observed` is the id of the model that ran, or the name of its tier; `requested` the tier that
    was asked for.
    """

    observed: str = ""
    requested: str = ""
    result: str = ""
    override_reason: str = ""


def observe_decision(
    *, decision: Decision, model: str, session_id: str = "", agent_id: str = ""
) -> Decision:
    """Keep which model a decided run was seen on, and in which session and agent.

    Of several models of one run, one that departs from the recommendation stays: a run that fell
    back half-way did not follow it, whichever sight comes last. Without a `model` only the session
    and the agent were seen.
    """
    with transaction.atomic():
        row = _locked(decision)
        before = [getattr(row, name) for name in _OBSERVED]
        row.session_id = row.session_id or session_id[:100]
        row.agent_id = row.agent_id or agent_id[:100]
        if model:
            seen = _class_of(row, _tier(model), row.override_reason)
            if row.mismatch != Truth.SILENT_MISMATCH or seen is Truth.SILENT_MISMATCH:
                row.observed, row.mismatch = model[:100], seen.value
        if before != [getattr(row, name) for name in _OBSERVED]:
            row.save(update_fields=_OBSERVED)
            recount(row.at)
    return row


def record_outcome(
    *, decision: Decision, outcome: RunOutcome, actor: str, now: datetime
) -> Decision:
    """Keep what became of a run. Raises RuleError where it departed and nobody says why.

    A departure that was seen or said stays, as in `observe_decision`: nobody takes it back by
    saying that the run followed. Saying the same twice changes nothing. A departure, and a changed
    outcome, leave one audit entry; a plain outcome is a column of the decision, which is its own
    trail.
    """
    if outcome.result and outcome.result not in Result.values:
        raise RuleError(f"A result is {', '.join(Result.values)}, not “{outcome.result}”.")
    if outcome.requested and not Tier.objects.filter(name=outcome.requested).exists():
        raise RuleError(f"There is no tier “{outcome.requested}”.")
    with transaction.atomic():
        row = _locked(decision)
        before = facts(row)
        if not _departs(row, _tier(row.observed)):
            row.observed = outcome.observed or row.observed
        row.requested = outcome.requested or row.requested
        row.result = outcome.result or row.result
        row.override_reason = outcome.override_reason.strip() or row.override_reason
        observed = _tier(row.observed)
        if outcome.observed:
            _check_departure(row, observed)
        row.mismatch = _class_of(row, observed, row.override_reason).value
        after = facts(row)
        if after == before:
            return row
        row.save(update_fields=["observed", "requested", "result", "override_reason", "mismatch"])
        recount(row.at)
        if _worth_an_entry(before, after):
            record(
                actor=actor,
                action="decision outcome",
                subject=f"decision {row.pk}",
                before=before,
                after=after,
                reason=row.override_reason,
                now=now,
            )
    return row


def _locked(decision: Decision) -> Decision:
    rows = Decision.objects.select_for_update(of=("self",)).select_related("recommended", "sd")
    return rows.get(pk=decision.pk)


def _check_departure(row: Decision, observed: tiers.Tier | None) -> None:
    if row.override_reason or not _departs(row, observed):
        return
    was = f"{row.recommended} was recommended" if row.recommended else "the run was put off"
    raise RuleError(f"It ran on {observed}, but {was}: say why in override_reason.")


def _departs(row: Decision, observed: tiers.Tier | None) -> bool:
    recommended = row.recommended.to_policy() if row.recommended else None
    return departs(recommended=recommended, observed=observed)


def _class_of(row: Decision, observed: tiers.Tier | None, reason: str) -> Truth:
    by_name = {tier.name: tier.to_policy() for tier in Tier.objects.all()}
    return model_truth(
        recommended=row.recommended.to_policy() if row.recommended else None,
        requested=by_name.get(row.requested),
        observed=observed,
        floor=by_name[row.floor],
        forced=row.override_id is not None,
        reason=reason,
    )


def _tier(name: str) -> tiers.Tier | None:
    """The tier of a model id, or the tier of that name; None where nobody knows."""
    model = ClaudeModel.objects.select_related("tier").filter(model_id=name).first()
    tier = model.tier if model else Tier.objects.filter(name=name).first()
    return tier.to_policy() if tier else None


def _worth_an_entry(before: dict[str, object], after: dict[str, object]) -> bool:
    changed = any(before[name] and before[name] != after[name] for name in ("observed", "result"))
    return changed or before["override_reason"] != after["override_reason"]
