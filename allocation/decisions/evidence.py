"""What earlier SDs used, as evidence for the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from django.db.models import Q

from allocation.catalog.models import SubAgent
from allocation.catalog.pricing import PriceBook
from allocation.directives.models import Status, StrategicDirective
from allocation.policy.meter import Meter
from allocation.policy.phases import Phase
from allocation.policy.preflight import Evidence, TokenRange, from_cases
from allocation.usage.totals import Burned, burned_by

# What was long ago says little; and the list is bounded.
MOST_SDS = 60


@dataclass(frozen=True, slots=True)
class History:
    """Fresh tokens of completed SDs.

    `by_agent` has one case for each SD in which a sub-agent ran in a phase, `by_task_type` those of
    all sub-agents of a kind; `totals` are whole SDs of one complexity. `besides` are the tokens
    that no sub-agent is known for, an SD each (of SDs whose sub-agents are known), and
    `besides_weight` the budget tokens of one of them.
    """

    by_agent: Mapping[tuple[str, str], Sequence[int]] = field(default_factory=dict)
    by_task_type: Mapping[tuple[int, str], Sequence[int]] = field(default_factory=dict)
    totals: Sequence[int] = ()
    besides: Sequence[int] = ()
    besides_weight: Fraction = Fraction(0)

    @property
    def names_agents(self) -> bool:
        """Whether the sub-agents of enough SDs are known."""
        return from_cases(self.besides, Evidence.SUB_AGENT) is not None

    def range_of(self, sub_agent: SubAgent, phase: Phase) -> TokenRange | None:
        """What a sub-agent used in a phase before, or else what its kind of work did."""
        own = self.by_agent.get((sub_agent.code, phase.value), ())
        found = from_cases(own, Evidence.SUB_AGENT)
        if found is None and sub_agent.task_type_id is not None:
            kind = self.by_task_type.get((sub_agent.task_type_id, phase.value), ())
            found = from_cases(kind, Evidence.TASK_TYPE)
        return found


def fresh(burned: Burned) -> int:
    """Raw tokens without cache reads."""
    return burned.counts.raw - burned.counts.cache_read


def history(
    sd: StrategicDirective, sub_agents: Mapping[str, SubAgent], meter: Meter, book: PriceBook
) -> History:
    """What the last completed SDs used. Two queries, one while none is completed."""
    rows = StrategicDirective.objects.filter(status=Status.COMPLETED).exclude(pk=sd.pk)
    done = dict(rows.order_by("-completed_at").values_list("pk", "complexity")[:MOST_SDS])
    if not done:
        return History()
    parts = burned_by(
        ("sd", "phase", "sub_agent"), where=Q(sd__in=list(done)), meter=meter, book=book
    )
    totals: dict[int, int] = {}
    besides: dict[int, int] = {}
    by_agent: dict[tuple[str, str], list[int]] = {}
    by_task_type: dict[tuple[int, str], list[int]] = {}
    beside_fresh, beside_budget, named = 0, Fraction(0), set()
    for (pk, phase, name), part in parts.items():
        tokens = fresh(part)
        totals[pk] = totals.get(pk, 0) + tokens
        sub_agent = sub_agents.get(name)
        if sub_agent is None:
            besides[pk] = besides.get(pk, 0) + tokens
            beside_fresh, beside_budget = beside_fresh + tokens, beside_budget + part.budget
            continue
        named.add(pk)
        by_agent.setdefault((name, phase), []).append(tokens)
        if sub_agent.task_type_id is not None:
            by_task_type.setdefault((sub_agent.task_type_id, phase), []).append(tokens)
    return History(
        by_agent=by_agent,
        by_task_type=by_task_type,
        totals=[total for pk, total in totals.items() if done[pk] == sd.complexity],
        besides=[besides.get(pk, 0) for pk in named],
        besides_weight=beside_budget / beside_fresh if beside_fresh else Fraction(0),
    )
