"""What `optimize` reads and does. Needs `open_database` before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allocation.optimizer import words
from allocation.optimizer.costs import Comparison, by_sub_agent, by_task_type
from allocation.optimizer.measure import Facts, read_facts
from allocation.optimizer.models import AppliedChange
from allocation.optimizer.operations import apply_opportunity, undo_change
from allocation.optimizer.opportunities import Opportunity, find_opportunities
from allocation.optimizer.realised import Realised, realised
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.reports.guard import review_results
from budgetctl.cli import rows


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that `optimize` says."""

    facts: Facts
    opportunities: Sequence[Opportunity]
    changes: Sequence[Realised]
    task_types: Sequence[Comparison]
    sub_agents: Sequence[Comparison]


def read(now: datetime) -> Found:
    """What there is at `now`."""
    facts = read_facts(now, review_results)
    return Found(
        facts,
        find_opportunities(facts),
        realised(facts),
        by_task_type(facts),
        by_sub_agent(facts),
    )


def apply(name: str, phase: Phase, *, reason: str, now: datetime) -> str:
    """Take the opportunity of a sub-agent in a phase. Raises RuleError where there is none."""
    code = rows.sub_agent(name).code
    facts = read_facts(now, review_results)
    for each in find_opportunities(facts):
        if (each.sub_agent.code, each.phase) == (code, phase):
            change = apply_opportunity(
                opportunity=each, meter=facts.meter, reason=reason, actor=rows.actor(), now=now
            )
            undo = f"Undo it: budgetctl optimize --undo {change.pk} --reason …"
            return f"Applied: {words.title(each)}. {undo}"
    raise RuleError(f"{code} has no opportunity in {phase}. See them all: budgetctl optimize")


def undo(number: int, *, reason: str, now: datetime) -> str:
    """Go back on an applied change. Raises RuleError where there is none."""
    changes = AppliedChange.objects.select_related("sub_agent", "to_tier")
    change = changes.filter(pk=number).first()
    if change is None:
        raise RuleError(f"There is no applied change {number}. See them all: budgetctl optimize")
    left = undo_change(change=change, reason=reason, actor=rows.actor(), now=now)
    return words.undone(change, left)
